"""Floods: above a threshold, or above what is usual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from outlive.logs.tally import KEPT_MINUTES, Limits, Tally, rounded

NOW = datetime(2026, 3, 14, 12, 0, 0, tzinfo=UTC)


def tally(per_minute: float, last: float, minutes: int = 60) -> Tally:
    """So many bytes in each minute, and others in the last three."""
    one = Tally(NOW - timedelta(minutes=minutes))
    for ago in range(minutes, 0, -1):
        size = last if ago <= 3 else per_minute
        one.add(NOW - timedelta(minutes=ago), size, size / 100)
    return one


def test_a_threshold_of_bytes_and_of_lines() -> None:
    assert tally(2e6, 2e6).flood(NOW, Limits()) is not None
    assert tally(9e5, 9e5).flood(NOW, Limits(lines_per_minute=10**6)) is None
    found = tally(4e5, 4e5).flood(NOW, Limits())
    assert found and (found.bytes_per_minute, found.lines_per_minute) == (400_000, 4000)


def test_more_than_is_usual_for_it() -> None:
    found = tally(2000, 2e5).flood(NOW, Limits())
    assert found and found.usual_bytes_per_minute == 2000
    assert tally(2e5, 2e5).flood(NOW, Limits()) is None
    assert tally(0, 3e4).flood(NOW, Limits()) is None, "too little to matter"
    assert tally(0, 2e5, minutes=9).flood(NOW, Limits()) is None, "nothing is usual yet"


def test_a_first_look_knows_only_some_seconds() -> None:
    one = Tally(NOW - timedelta(seconds=12))
    one.add(NOW, 5e5, 10)
    assert one.flood(NOW, Limits()) is not None


def test_it_ends_when_it_ends() -> None:
    assert tally(0, 5e6).flood(NOW + timedelta(minutes=5), Limits()) is None


def test_memory_is_bounded() -> None:
    one = Tally(NOW)
    for minute in range(1000):
        one.add(NOW + timedelta(minutes=minute), 1, 1)
    assert len(one._bytes) == len(one._lines) <= KEPT_MINUTES


@pytest.mark.parametrize(("value", "told"), [(0, 0), (99.6, 100), (1234, 1200), (98_765, 99_000)])
def test_two_figures(value: float, told: int) -> None:
    assert rounded(value) == told
