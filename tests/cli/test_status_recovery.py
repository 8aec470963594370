"""A recovery that has not ended is at risk; a rehearsal is the RTO of the whole stack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from outlive.cli.status_recovery import Told, lines, rehearsed, risks
from outlive.model.recovery import Entry, Recovery, What

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)


def told(*entries: tuple[int, str, What, str], rehearsal: bool = True, run: str = "run-1") -> Told:
    found = tuple(
        Entry(run, number, NOON + timedelta(seconds=second), step, what, "ops", said)
        for number, (second, step, what, said) in enumerate(entries, 1)
    )
    return Told(Recovery(run, NOON, "web-1", "lost-host", "t", "ssh://n", "ops", (), (), rehearsal), found)


DONE = told((0, "", What.BEGUN, ""), (50, "page", What.DONE, ""), (60, "", What.ENDED, "done"))
STANDING = told((0, "", What.BEGUN, ""), (5, "gate", What.FAILED, "shut"), run="run-2")
UNDONE = told((0, "", What.BEGUN, ""), (9, "", What.ENDED, "undone"), run="run-3")


def test_what_has_not_ended_is_a_risk_with_its_cure() -> None:
    (risk,) = risks([DONE, STANDING, UNDONE])
    assert "web-1" in risk and "run-2" in risk and "'gate'" in risk and "--resume" in risk


def test_the_last_rehearsal_that_came_to_its_end() -> None:
    assert rehearsed([DONE, STANDING, UNDONE]) == [{"host": "web-1", "at": NOON, "rto_seconds": 60.0, "run": "run-1"}]
    assert lines([DONE], NOON + timedelta(hours=2)) == [
        "web-1: the whole stack was back in 1 min 0 s, rehearsed 2 h ago"
    ]
    assert rehearsed([told(*((0, "", What.BEGUN, ""), (60, "", What.ENDED, "done")), rehearsal=False)]) == []
