"""Moments: in the order of asking, never later than what is durable."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.log.ship_moments import KEPT, Moments
from outlive.backup.log.wal_names import UNKNOWN
from outlive.testing.clock import ManualClock

T0 = ManualClock().now()


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def asked(*answers: tuple[float, int]) -> Moments:
    moments = Moments()
    for seconds, position in answers:
        moments.answered(at(seconds), position)
    return moments


def test_nothing_is_claimed_before_it_is_durable() -> None:
    moments = asked((1, 100), (2, 200))
    assert not moments.durable(99)
    assert moments.until is None
    assert moments.durable(100) and moments.until == at(1)
    assert not moments.durable(199)
    assert moments.durable(250) and moments.until == at(2)


def test_an_idle_server_brings_the_moment_on() -> None:
    moments = asked((1, 100), (2, 100), (3, 100))
    assert moments.durable(100) and moments.until == at(3)


def test_the_moment_of_a_piece_is_that_of_the_last_question_it_answers() -> None:
    moments = asked((1, 100), (2, 200), (3, 300))
    assert [moments.of(end) for end in (50, 100, 250, 300)] == [UNKNOWN, at(1), at(2), at(3)]
    moments.durable(100)
    assert moments.of(150) == at(1), "what is before it is durable"


def test_a_clock_that_is_set_back_takes_the_moment_back() -> None:
    moments = asked((90000, 100), (3, 200))
    moments.durable(200)
    assert moments.until == at(3)


def test_when_it_is_time_to_store() -> None:
    moments = asked((1, 100))
    assert [moments.waits_for(received) for received in (99, 100)] == [False, True]
    moments.durable(100)
    assert not moments.waits_for(1000)


def test_a_long_outage_costs_no_memory_and_claims_nothing_false() -> None:
    moments = asked(*((second, second * 10) for second in range(10 * KEPT)))
    assert moments.waits_for(0)
    for durable in range(0, 100 * KEPT, 1000):
        moments.durable(durable)
        assert moments.until is not None and moments.until <= at(durable / 10)
    moments.durable(100 * KEPT)
    assert moments.until is not None and moments.until > at(9.9 * KEPT)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50)), max_size=60))
def test_every_acknowledged_commit_before_until_is_durable(steps: list[tuple[bool, int]]) -> None:
    """A server that writes and acknowledges, asked now and then, and a vault that follows somehow."""
    moments, flushed, durable, commits = Moments(), 0, 0, []
    for clock, (ask, amount) in enumerate(steps):
        flushed += amount
        commits.append((at(clock), flushed))
        if ask:
            moments.answered(at(clock + 0.5), flushed)
            piece_end = durable + (flushed - durable) // 2
            told = moments.of(piece_end)
            assert all(end <= piece_end for when, end in commits if when < told)
        else:
            durable += (flushed - durable) // 2
        moments.durable(durable)
        if moments.until is not None:
            assert all(end <= durable for when, end in commits if when < moments.until)
