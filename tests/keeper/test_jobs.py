"""From the configuration to what is done how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from outlive.config.load import parse
from outlive.config.schema import Settings
from outlive.keeper.jobs import WEEK_SECONDS, jobs
from outlive.keeper.schedule import sooner
from outlive.model.runbook import Runbook
from outlive.model.schedule import Due

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
KEYS = ", ".join(f'"age1{letter * 58}"' for letter in "qp")
ASSETS = """
[[hosts]]
name = "web-1"
address = "ssh://web-1"
[[assets]]
name = "db"
kind = "postgres"
host = "web-1"
[[assets]]
name = "files"
kind = "path"
host = "web-1"
path = "/srv"
"""


def settings(*, drill_key: str = 'drill_identity = "drill.txt"', schedule: str = "") -> Settings:
    text = f'[vault]\nurl = "vault"\n[keys]\nrecipients = [{KEYS}]\n{drill_key}\n[schedule]\n{schedule}\n{ASSETS}'
    return parse(text, Path("/x/outlive.toml"))


def test_every_asset_is_copied_drilled_and_read_again() -> None:
    found = {job.name: job for job in jobs(settings(), NOON)}
    assert set(found) >= {f"{act}:{name}" for act in ("backup", "drill", "verify") for name in ("db", "files")}
    assert "prune" in found
    assert all(job.asset in job.name for job in found.values() if job.asset is not None)
    assert found["verify:db"].every_seconds == WEEK_SECONDS


def test_a_first_backup_is_due_at_once_where_no_log_must_be_kept_first() -> None:
    found = {job.name: job.first_after_seconds for job in jobs(settings(), NOON)}
    assert found["backup:files"] == 0
    assert 0 < found["backup:db"] <= 60, "until its slot keeps the log"
    unstreamed = {job.name: job.first_after_seconds for job in jobs(settings(schedule="stream = false"), NOON)}
    assert unstreamed["backup:db"] == 0


def test_a_backup_is_proven_as_its_second_step() -> None:
    book = book_of("backup:db", settings())
    assert [step.act for step in book.steps] == ["backup", "prove"]
    assert [step.args["argv"] for step in book.steps] == [["backup", "db"], ["drill", "db"]]
    assert {step.args["since"] for step in book.steps} == {NOON.isoformat()}


def test_without_a_key_nothing_can_be_proven() -> None:
    found = settings(drill_key="")
    assert [step.act for step in book_of("backup:db", found).steps] == ["backup"]
    assert not any(job.name.startswith("drill:") for job in jobs(found, NOON))


def test_periods_are_those_of_the_configuration() -> None:
    words = "backup_every_seconds = 3600\ndrill_every_seconds = 7200\nprune_every_seconds = 0"
    found = {job.name: job.every_seconds for job in jobs(settings(schedule=words), NOON)}
    assert (found["backup:db"], found["drill:files"]) == (3600, 7200)
    assert "prune" not in found


def test_every_step_has_a_ceiling() -> None:
    for job in jobs(settings(), NOON):
        assert all(0 < step.timeout_seconds <= 6 * 3600 for step in job.runbook.steps)


def test_a_rehearsal_comes_round_every_month_and_is_not_repeated_every_hour() -> None:
    found = parse(
        f'[vault]\nurl = "vault"\n[keys]\nrecipients = [{KEYS}]\ndrill_identity = "drill.txt"\n{ASSETS}'
        '[[rehearsals]]\nhost = "web-1"\nto = "ssh://root@scratch"\n',
        Path("/x/outlive.toml"),
    )
    job = next(one for one in jobs(found, NOON) if one.name == "rehearsal:web-1")
    assert (job.every_seconds, job.first_after_seconds, job.asset) == (30 * 86400.0, 86400.0, None)
    assert [step.args["argv"] for step in job.runbook.steps] == [["rehearse", "web-1"]]
    later = Due(job.name, NOON + timedelta(days=30))
    assert sooner(job, later, NOON).next_due == NOON + timedelta(days=1)
    backup = next(one for one in jobs(found, NOON) if one.name == "backup:db")
    assert sooner(backup, later, NOON).next_due == NOON + timedelta(hours=1)


def book_of(name: str, found: Settings) -> Runbook:
    return next(job.runbook for job in jobs(found, NOON) if job.name == name)


def test_the_daily_drill_is_of_a_random_moment_where_there_is_log() -> None:
    found = settings()
    assert book_of("drill:db", found).steps[0].args["argv"] == ["drill", "db", "--at", "random"]
    assert book_of("drill:files", found).steps[0].args["argv"] == ["drill", "files"]
    assert book_of("drill:db", settings(schedule="stream = false")).steps[0].args["argv"] == ["drill", "db"]
