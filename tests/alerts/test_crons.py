"""Cron jobs that tell when they ran: called missing only when one was due while somebody listened."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from outlive.alerts.crons import CronStanding, State, standings
from outlive.alerts.heartbeat import Signal, beat
from outlive.alerts.troubles import Memory, explained, seen
from outlive.config.schema import CronSettings
from outlive.model.asset import SecretRef
from outlive.model.cron import CronHeard
from tests.alerts.replay import HOUR, NOON, trouble

DAY = timedelta(days=1)
REPORT = CronSettings(name="report", id=SecretRef(env="X"), every_seconds=86400, grace_seconds=3600, host="web-1")
LONG_AGO = NOON - 30 * DAY


def standing(now: datetime, listening_since: datetime | None = LONG_AGO, **heard: datetime | int) -> CronStanding:
    (one,) = standings([REPORT], {"report": CronHeard("report", **heard)}, listening_since, now)  # type: ignore[arg-type]
    return one


def test_what_has_never_told_anything_is_new() -> None:
    (one,) = standings([REPORT], {}, LONG_AGO, NOON)
    assert (one.state, one.last_at, one.is_down) == (State.NEW, None, False)


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (HOUR, State.UP),
        (DAY, State.UP),
        (DAY + HOUR / 2, State.LATE),
        (DAY + HOUR, State.LATE),
        (DAY + HOUR + timedelta(seconds=1), State.DOWN),
    ],
)
def test_it_is_missing_after_its_grace(after: timedelta, state: State) -> None:
    one = standing(NOON + after, succeeded_at=NOON)
    assert (one.state, one.last_at, one.due_at) == (state, NOON, NOON + DAY)
    assert one.since == (NOON + DAY + HOUR if state is State.DOWN else None)


def test_what_failed_is_down_at_once_until_it_succeeds() -> None:
    one = standing(NOON + HOUR, succeeded_at=NOON - DAY, failed_at=NOON, exit_status=3)
    assert (one.state, one.since) == (State.DOWN, NOON) and "exit status 3" in one.why
    assert standing(NOON + HOUR, None, failed_at=NOON).is_down, "that was told, whoever listens now"
    assert standing(NOON + HOUR, succeeded_at=NOON + HOUR / 2, failed_at=NOON).state is State.UP


def test_what_has_begun_must_end_within_its_grace() -> None:
    assert standing(NOON + HOUR, began_at=NOON, succeeded_at=NOON - DAY).state is State.STARTED
    one = standing(NOON + HOUR * 2, began_at=NOON, succeeded_at=NOON - DAY)
    assert one.state is State.DOWN and "has not told its end" in one.why
    heard_later = standing(NOON + HOUR * 2, NOON + HOUR, began_at=NOON)
    assert heard_later.state is State.STARTED, "the keeper was away meanwhile, and may have missed the end"
    assert standing(NOON + DAY + HOUR * 2, NOON + HOUR, began_at=NOON).is_down


def test_what_was_due_while_nobody_listened_is_not_missing() -> None:
    """The keeper was down when the job was due at noon of the next day; it is back one hour later."""
    back = NOON + DAY + HOUR
    assert standing(back + 2 * HOUR, back, succeeded_at=NOON).state is State.UP
    assert standing(NOON + 2 * DAY + 2 * HOUR, back, succeeded_at=NOON).is_down, (
        "and the day after it did not come either"
    )
    assert standing(NOON + DAY + 2 * HOUR, NOON + DAY - HOUR, succeeded_at=NOON).is_down, "it was back in time"
    assert standing(NOON + 5 * DAY, None, succeeded_at=NOON).state is State.UNKNOWN


def test_it_is_a_trouble_that_its_host_explains_and_no_failure_of_the_keeper() -> None:
    down = standing(NOON + 2 * DAY, succeeded_at=NOON)
    found = seen(Memory(crons=[down]), NOON + 2 * DAY)
    (one,) = found.troubles
    assert (one.cause, one.host, one.since) == ("cron:report", "web-1", NOON + DAY + HOUR)
    host = trouble()
    assert explained(one, [host]) == host
    sent = beat(found, [], (), (), NOON)
    assert sent is not None and sent.signal is Signal.SUCCESS
    unknown = standing(NOON + 2 * DAY, None, succeeded_at=NOON)
    assert seen(Memory(crons=[unknown]), NOON).is_unknown("cron:report"), "an incident about it stays as it is"
