"""The sign of life is given only by a keeper that has looked and whose own work is well."""

from __future__ import annotations

from datetime import timedelta

from outlive.alerts.heartbeat import Signal, beat, is_time
from outlive.alerts.protection import Protection, unproven
from outlive.alerts.troubles import Seen
from tests.alerts.replay import HOUR, NOON, trouble


def test_all_is_well() -> None:
    found = beat(Seen(()), ["web-1"], (), (), NOON)
    assert found is not None and found.signal is Signal.SUCCESS and "1 host" in found.words


def test_a_host_that_is_down_is_not_the_keepers_failure() -> None:
    found = beat(Seen((trouble(),)), ["web-1"], (), (), NOON)
    assert found is not None and found.signal is Signal.SUCCESS


def test_who_has_not_looked_says_nothing() -> None:
    assert beat(Seen((), all_unknown=True), ["web-1"], (), (), NOON) is None
    assert beat(Seen((), frozenset(["host:web-1"])), ["web-1", "web-2"], (), (), NOON) is None


def test_protections_that_fail_are_told() -> None:
    for one in (trouble("backup:db", "backup"), trouble("keeper:the time", "blind"), trouble("stream:db", "away")):
        found = beat(Seen((one,)), [], (), (), NOON)
        assert found is not None and found.signal is Signal.FAIL and one.what in found.words


def test_success_needs_proof() -> None:
    found = beat(Seen(()), [], (), ["shop-db: no copy was ever restored"], NOON)
    assert found is not None and found.signal is Signal.FAIL and "shop-db" in found.words
    assert beat(Seen(()), [], (), None, NOON) is None, "the vault was not asked yet"
    found = beat(Seen((trouble("backup:db", "backup"),)), [], (), None, NOON)
    assert found is not None and found.signal is Signal.FAIL


def test_proven_is_what_was_restored_lately() -> None:
    day = 24 * HOUR
    assert unproven("db", (), (NOON - 2 * day, True), 2 * day, NOON) == []
    assert "too long ago" in unproven("db", (), (NOON - 2 * day - HOUR, True), 2 * day, NOON)[0]
    assert "red" in unproven("db", (), (NOON, False), 2 * day, NOON)[0]
    assert unproven("db", ("no whole copy",), None, day, NOON) == ["db: no whole copy"]
    assert unproven("db", (), None, day, NOON) == ["db: no copy was ever restored"]


def test_a_vault_that_does_not_answer_is_a_failure_after_a_while() -> None:
    assert Protection(NOON).failures(NOON + HOUR) is None
    assert Protection(NOON).failures(NOON + 2 * HOUR)
    told = Protection(NOON, NOON + HOUR, ("db: red",))
    assert told.failures(NOON + 2 * HOUR) == ("db: red",)
    assert (
        "vault" in str(Protection(NOON, NOON).failures(NOON + 2 * HOUR)) and Protection(NOON, NOON).failures(NOON) == ()
    )


def test_that_nobody_can_be_told_is_told_to_whom_is_left() -> None:
    found = beat(Seen((trouble("channel:phone", "unreachable"),)), [], ["phone"], (), NOON)
    assert found is not None and found.signal is Signal.FAIL and "phone" in found.words
    found = beat(Seen((trouble("channel:phone", "unreachable"),)), [], (), (), NOON)
    assert found is not None and found.signal is Signal.SUCCESS, "another channel tells it"


def test_it_keeps_its_rhythm_also_when_the_clock_jumps() -> None:
    assert is_time(None, 60, NOON) and not is_time(NOON, 60, NOON + timedelta(seconds=59))
    assert is_time(NOON, 60, NOON + timedelta(seconds=60)) and is_time(NOON + HOUR, 60, NOON)
