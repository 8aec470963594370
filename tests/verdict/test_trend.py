"""When something will be full: what a trend is, and what is none."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.verdict.trend import empty_at
from tests.verdict.scenes import NOW


def falling(per_hour: float, left: float, hours: int = 24, noise: float = 0) -> list[tuple[datetime, float]]:
    dice = random.Random(7)
    ends = [(NOW - timedelta(hours=ago), left + per_hour * ago) for ago in range(hours, -1, -1)]
    return [(at, value + dice.uniform(-noise, noise)) for at, value in ends]


@pytest.mark.parametrize("noise", [0, 2])
def test_a_steady_decline(noise: float) -> None:
    ends = empty_at(falling(1, 48, noise=noise), NOW)
    assert ends is not None and abs(ends - NOW - timedelta(hours=48)) < timedelta(hours=12)


def test_one_clean_up_or_one_backup_that_came_and_went_bends_it_little() -> None:
    points = falling(1, 48)
    points[12] = (points[12][0], points[12][1] - 40)
    ends = empty_at(points, NOW)
    assert ends is not None and abs(ends - NOW - timedelta(hours=48)) < timedelta(hours=6)


def test_what_is_no_decline() -> None:
    assert empty_at(falling(-1, 48), NOW) is None
    assert empty_at(falling(0, 48), NOW) is None
    assert empty_at(falling(0.001, 48, noise=20), NOW) is None, "noise"
    saw = [(NOW - timedelta(hours=ago), 50 - 10 * (-ago % 6)) for ago in range(24, -1, -1)]
    assert empty_at(saw, NOW) is None, "filled and emptied in turn"


def test_too_little_to_say() -> None:
    assert empty_at(falling(10, 48, hours=2), NOW) is None
    close = [(NOW - timedelta(minutes=5 * ago), 50.0 + ago) for ago in range(9, -1, -1)]
    assert empty_at(close, NOW) is None
    assert empty_at([], NOW) is None


@given(st.lists(st.tuples(st.integers(-(10**6), 0), st.floats(0, 1e15)), max_size=200))
def test_any_points(points: list[tuple[int, float]]) -> None:
    ends = empty_at([(NOW + timedelta(seconds=at), left) for at, left in sorted(points)], NOW)
    assert ends is None or ends >= NOW
