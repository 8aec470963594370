"""The report: it has every section of the outage's own postmortem, generated, and none of its mistakes; each sentence names
what it rests on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlive.cli.incident_case import note, recorded_case
from outlive.incidents.case import AssetLoss, Case
from outlive.incidents.markdown import plain
from outlive.incidents.report import report
from outlive.model.incident import Incident, Sending, Trouble, Urgency
from outlive.model.observation import Channel, Observation
from outlive.verdict.recorded import observations

STORIES = Path(__file__).parents[1] / "stories"
NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECTIONS = (
    *("Summary", "Impact", "Verdict", "Contradictions", "Timeline (UTC)", "Symptoms", "Services at the time"),
    *("Facts of the infrastructure", "Hypotheses", "Data loss", "What survived", "Recovery", "Follow-ups"),
    *("Open questions", "Observations"),
)


def recorded(story: str) -> Case:
    seen = observations((STORIES / story / "evidence.jsonl").read_text())
    return recorded_case(seen, max(one.at for one in seen))


def section(text: str, name: str) -> str:
    return text.split(f"\n## {name}\n")[1].split("\n## ")[0]


OUTAGE = report(recorded("outage"))


def test_it_has_every_section() -> None:
    assert tuple(re.findall(r"^## (.+)$", OUTAGE, re.M)) == SECTIONS


def test_it_corrects_the_mistakes_of_the_outages_own_postmortem() -> None:
    assert "machine is ours and alive; its service hangs" in section(OUTAGE, "Summary")
    against = section(OUTAGE, "Contradictions")
    for claim in (
        "silently replaced the VM in place",
        "All Postgres data is lost",
        "in a crash loop",
        "No manual action",
    ):
        assert claim in against
    assert "do not destroy, taint or reinstall production-web" in section(OUTAGE, "Verdict")
    assert "lost" not in section(OUTAGE, "Data loss") and "still there" in section(OUTAGE, "Data loss")
    assert "192.0.2.16" in section(OUTAGE, "Open questions"), "the address that nobody asked"
    assert "502" in section(OUTAGE, "Symptoms") and "litellm" in section(OUTAGE, "Services at the time")
    assert "dns change" in section(OUTAGE, "Recovery") and "decided by" in section(OUTAGE, "Hypotheses")


@pytest.mark.parametrize("story", sorted(path.name for path in STORIES.iterdir() if (path / "evidence.jsonl").exists()))
def test_every_story_gives_a_report_whose_numbers_lead_somewhere(story: str) -> None:
    case = recorded(story)
    text = report(case)
    last = section(text, "Observations")
    listed = re.findall(r"^(\d+)\. ", last, re.M)
    assert listed == [str(number) for number in range(1, len(case.observations) + 1)]
    cited = {number for found in re.findall(r" \[(\d+(?:, \d+)*)\]", text) for number in found.split(", ")}
    assert cited <= set(listed) and (cited or not listed)
    for line in section(text, "Summary").strip().splitlines():
        assert re.search(r"\[\d", line) or "claim" in line or "`no_data`" in line or "`unreachable" in line, line


# --- with a keeper's memory --------------------------------------------------------------------------------------

TROUBLE = Trouble("host:web-1", "machine_replaced", "web-1", Urgency.DATA_LOSS, NOON, "web-1: another machine")
INCIDENT = Incident(
    4,
    TROUBLE,
    NOON + MINUTE,
    NOON + MINUTE,
    ended_at=NOON + 90 * MINUTE,
    symptoms=("backup of db failed",),
    acknowledged_at=NOON + 5 * MINUTE,
    acknowledged_by="ann",
)
MESSAGE = Sending("m", "phone", NOON + 2 * MINUTE, "web-1: another machine", "body", False, (4,), ("opened",))
LOSSES = (
    AssetLoss("db", "postgres", NOON - 2 * MINUTE, "copy-1", "restored"),
    AssetLoss("files", "path", NOON - 600 * MINUTE, "copy-2", "stored"),
    AssetLoss("cache", "docker_volume", None),
    AssetLoss("other", "path", None, unknown="the vault could not be reached"),
)


def test_durations_are_measured_and_losses_told() -> None:
    text = report(replace(recorded("outage"), incident=INCIDENT, messages=(MESSAGE,), losses=LOSSES))
    assert "From 2026-02-07 12:00:00Z until 2026-02-07 13:30:00Z (90 min)" in section(text, "Impact")
    recovery = section(text, "Recovery")
    for words in ("Noticed 1 min after", "Somebody told: 1 min after", "Acknowledged 4 min", "Over 89 min"):
        assert words in recovery
    lost = section(text, "Data loss")
    assert "| db | postgres | 2026-02-07 11:58:00Z | 2 min | copy-1 (restored) |" in lost
    assert "**everything**, if the host is gone" in lost and "| other | path | unknown |" in lost
    todo = section(text, "Follow-ups")
    assert "take a first copy of cache" in todo and "drill files" in todo and "drill db" not in todo
    assert "opened: web-1: another machine | told by phone, queued" in section(text, "Timeline (UTC)")
    assert "acknowledged by ann" in section(text, "Timeline (UTC)")


def test_a_note_is_a_claim_and_is_judged() -> None:
    seen = observations((STORIES / "outage" / "evidence.jsonl").read_text())
    at = max(one.at for one in seen)
    said = note("we should wipe it, everything is lost", "production-web", "ann", at, "machine_replaced")
    text = report(recorded_case([*seen, said], at))
    assert "CLAIM" in section(text, "Observations") and "everything is lost" in section(text, "Contradictions")


# --- strangers' text ---------------------------------------------------------------------------------------------

NASTY = [
    "<script>alert(1)</script>",
    "# heading",
    "| a | b |",
    "[link](http://x)",
    "`code`",
    "line\nbreak\n## Verdict",
    "**b**",
]


@pytest.mark.parametrize("text", NASTY)
def test_what_strangers_wrote_stays_text(text: str) -> None:
    seen = Observation(NOON, text, Channel.PERSON, text, "claim", {"text": text, "verdict": "cloned"}, text)
    found = report(recorded_case([seen], NOON))
    assert tuple(re.findall(r"^## (.+)$", found, re.M)) == SECTIONS
    assert not re.search(r"(?<!\\)<script|(?<!\\)\]\(http", found)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60))
def test_plain_is_one_line_without_marks(text: str) -> None:
    said = plain(text)
    assert "\n" not in said and not re.search(r"(?<!\\)(?:\\\\)*[<>|`*\[\]#]", said)
