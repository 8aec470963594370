"""What a run came to, and how long it took, from its journal alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from outlive.model.recovery import Entry, Recovery, What
from outlive.recovery.report import report, seconds

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
SHOWN = {"asset": "db", "kind": "postgres", "copy": "c1", "until": "2026-02-07T11:59:50Z", "everything": False}
RUN = Recovery("run-1", NOON, "web-1", "lost-host", "lost host", "ssh://root@new", "ops", (), (SHOWN,))


def line(second: int, step: str, what: What, said: str = "", **facts: object) -> Entry:
    return Entry("run-1", second, NOON + timedelta(seconds=second), step, what, "ops", said, facts)


ENTRIES = (
    line(0, "", What.BEGUN),
    line(1, "", What.WAIVED, "it burnt | down"),
    line(2, "cluster db", What.DOING),
    line(3, "cluster db", What.FAILED, "the vault is away"),
    line(30, "cluster db", What.DOING),
    line(40, "cluster db", What.DONE, "", asset="db", copy="c1", until="2026-02-07T11:59:55+00:00"),
    line(60, "page", What.DONE, "3 pages answer", served_at=(NOON + timedelta(seconds=55)).isoformat()),
    line(70, "page", What.DONE, "3 pages answer", served_at=(NOON + timedelta(seconds=55)).isoformat()),
    line(90, "", What.ENDED, "done"),
)


def test_loss_and_time_as_they_were_measured() -> None:
    text = report(RUN, ENTRIES)
    assert "| db | 2026-02-07 11:59:50Z | 2026-02-07 11:59:55Z | 5.0 s of writes | c1 |" in text
    assert "| cluster db | 10.0 |" in text, "the last attempt, not the night before it"
    assert "| page | 20.0 | 3 pages answer |" in text, "it only looked: since the line before, the first time"
    assert "Users were served after 55 s." in text
    assert "- 12:00:01Z ops, waived: it burnt | down" in text
    assert "failed cluster db the vault is away" in text


def test_what_was_not_restored_is_said() -> None:
    assert "| not restored | everything |" in report(RUN, ENTRIES[:3])
    assert "not ended" in report(RUN, ENTRIES[:3])
    assert report(replace(RUN, rehearsal=True), ENTRIES).startswith("# Rehearsal of web-1")


def test_how_long() -> None:
    assert seconds(()) is None
    assert seconds(ENTRIES[:5]) is None
    assert seconds(ENTRIES) == 55
    assert seconds((ENTRIES[0], ENTRIES[-1])) == 90


def test_a_rehearsal_says_what_would_have_been_missing_and_stays_what_it_was_when_it_is_taken_down() -> None:
    rehearsed = replace(RUN, rehearsal=True)
    whole = report(rehearsed, (*ENTRIES, line(99, "", What.ENDED, "undone"), line(99, "", What.ENDED, "cleared")))
    assert "done, and taken down again." in whole and "Users were served after 55 s." in whole
    assert "## What would have been missing\n\nNothing.\n" in whole
    media = SHOWN | {"asset": "media", "kind": "path", "copy": None, "until": None, "everything": True}
    failed = replace(rehearsed, losses=(SHOWN, media))
    told = report(failed, (*ENTRIES[:4], line(99, "", What.ENDED, "undone")))
    assert "failed, and taken down again" in told and "- media: there is no copy of it" in told
    assert "- db: not brought back" in told and "- it ended at 'cluster db': the vault is away" in told
    assert "would have been missing" not in report(RUN, ENTRIES)
