"""A recovery that has not ended is at risk; a rehearsal is the RTO of the whole stack."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from outlive.cli.status_recovery import Planned, Told, lines, plan_document, planned, rehearsed, risks, rto
from outlive.config.schema import RehearsalSettings
from outlive.model.recovery import Entry, Recovery, What

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)


def told(*entries: tuple[int, str, What, str], rehearsal: bool = True, run: str = "run-1") -> Told:
    found = tuple(
        Entry(run, number, NOON + timedelta(seconds=second), step, what, "ops", said)
        for number, (second, step, what, said) in enumerate(entries, 1)
    )
    return Told(Recovery(run, NOON, "web-1", "lost-host", "t", "ssh://n", "ops", (), (), rehearsal), found)


DONE = told((0, "", What.BEGUN, ""), (50, "page", What.DONE, ""), (60, "", What.ENDED, "done"))
STANDS = told((0, "", What.BEGUN, ""), (5, "page", What.DOING, ""), (9, "", What.ENDED, "done"), run="run-4")
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


def plan(at: datetime, **failed: str) -> list[Planned]:
    wanted = RehearsalSettings(host="web-1", to="ssh://root@n", every_seconds=30 * 86400.0)
    return planned([wanted], [DONE], {"web-1": NOON + timedelta(days=30)}, failed and {"web-1": failed["failed"]}, at)


def test_when_the_next_one_is_due_and_when_the_last_is_too_long_ago() -> None:
    now = NOON + timedelta(days=28)
    (line,) = lines([DONE], now, plan(now))
    assert line.endswith("rehearsed 28 d ago; next in 2 d") and not list(risks([DONE], plan(now)))
    assert not list(risks([DONE], plan(NOON + timedelta(days=59)))), "it may be missed once"
    (late,) = risks([DONE], plan(NOON + timedelta(days=61)))
    assert "last rehearsed 2026-02-07" in late and "outlive rehearse web-1" in late
    (red,) = risks([DONE], plan(now, failed="no copy of shop-db"))
    assert "failed" in red and "no copy of shop-db" in red
    never = planned([RehearsalSettings(host="web-2", to="ssh://root@n")], [DONE], {}, {}, now)
    assert lines([], now, never) == ["web-2: not rehearsed yet; `outlive keep` does it"] and not list(risks([], never))


def test_one_that_stays_up_is_a_second_production_and_says_what_is_paid_for() -> None:
    (risk,) = risks([STANDS])
    assert "run-4 still stands on ssh://n, a second production" in risk and "paid" not in risk
    step = {"name": "order", "args": {"kind": "create-machine", "args": {"provider": "cloud"}}}
    ordered = replace(STANDS, run=replace(STANDS.run, to="", steps=(step,)))
    (risk,) = risks([ordered])
    assert "was ordered for it and is paid for" in risk and "--rehearse --undo" in risk


def test_while_one_is_at_work_nothing_of_it_is_at_risk() -> None:
    assert not list(risks([STANDS, told((0, "", What.BEGUN, ""))], at_work=True))
    assert lines([], NOON, at_work=True) == ["one is under way"]


def test_a_time_that_is_too_old_is_said_to_be_so_and_why_the_next_one_waits() -> None:
    now = NOON + timedelta(days=61)
    assert "rehearsed 61 d ago, TOO LONG AGO to rely on" in lines([DONE], now, plan(now))[0]
    assert [one["stale"] for one in rto([DONE], (), now)] == [True], "by hand, and never again"
    assert [one["stale"] for one in rto([DONE], plan(NOON), NOON + timedelta(days=59))] == [False]
    wanted = RehearsalSettings(host="web-1", to="ssh://root@n")
    waiting = planned([wanted], [DONE], {"web-1": NOON}, {}, NOON, lambda host: f"incident 3 of {host} is open")
    assert lines([DONE], NOON, waiting)[0].endswith("; the next waits: incident 3 of web-1 is open")
    assert plan_document(waiting)[0]["waits"] == "incident 3 of web-1 is open"
