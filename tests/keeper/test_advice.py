"""What the keeper says about itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from outlive.config.load import parse
from outlive.keeper.advice import KEY_DRILL_DAYS, Memory, keeper_notes, keeper_risks, key_notes, place_notes
from outlive.model.schedule import Beat, Outcome
from tests.keeper.test_jobs import ASSETS, KEYS

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)


def heard(seconds_ago: float) -> Memory:
    return Memory(Beat(NOON - timedelta(days=1), NOON - timedelta(seconds=seconds_ago)))


def test_a_keeper_that_is_heard_of_is_no_risk() -> None:
    assert keeper_risks(heard(20), NOON) == ()
    assert heard(20).is_running(NOON)


def test_a_keeper_that_is_gone_is_a_risk() -> None:
    (risk,) = keeper_risks(heard(120), NOON)
    assert "2026-02-07 11:58:00Z" in risk
    assert "outlive keep" in risk


def test_a_sign_of_life_from_the_future_is_none() -> None:
    assert keeper_risks(heard(-3600), NOON)


def test_where_none_ever_ran_nothing_is_expected() -> None:
    assert keeper_risks(Memory(), NOON) == ()
    assert Memory().is_running(NOON)


def test_failed_jobs_are_told_by_asset_or_for_the_whole() -> None:
    outcomes = (
        Outcome("backup:db", "x", NOON, False, "exit 3: host down"),
        Outcome("backup:files", "x", NOON, True),
        Outcome("prune", "x", NOON, False, "exit 5: locked"),
    )
    memory = Memory(None, outcomes)
    assert [one.said for one in memory.failed("db")] == ["exit 3: host down"]
    assert memory.failed("files") == ()
    assert keeper_notes(memory) == ("prune failed: exit 5: locked",)


def test_the_key_on_paper_has_to_be_tried() -> None:
    assert "never" in key_notes(None, NOON)[0]
    assert key_notes(NOON - timedelta(days=KEY_DRILL_DAYS - 1), NOON) == ()
    assert "91 days" in key_notes(NOON - timedelta(days=91), NOON)[0]


def test_where_it_runs_is_told() -> None:
    head = f'[vault]\nurl = "vault"\n[keys]\nrecipients = [{KEYS}]\n'
    plain = parse(head + ASSETS, Path("/x/outlive.toml"))
    allowed = parse(f'{head}[keeper]\nallow_same_host = "only one box here"\n{ASSETS}', Path("/x/outlive.toml"))
    same = {"web-1": "it has this machine's machine-id"}
    assert "elsewhere" in place_notes(plain, same)[0]
    assert "only one box here" in place_notes(allowed, same)[0]
    assert place_notes(plain, {}) == ()
