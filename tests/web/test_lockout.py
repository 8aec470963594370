from __future__ import annotations

from datetime import timedelta

from outlive.web.lockout import LONGEST_SECONDS, wait_seconds
from tests.web.documents import NOW


def test_a_few_tries_are_free() -> None:
    assert wait_seconds([NOW] * 4, NOW) == 0


def test_then_each_doubles_the_pause() -> None:
    assert [wait_seconds([NOW] * count, NOW) for count in (5, 6, 7)] == [10, 20, 40]
    assert wait_seconds([NOW] * 20, NOW) == LONGEST_SECONDS


def test_it_passes() -> None:
    assert wait_seconds([NOW] * 5, NOW + timedelta(seconds=4)) == 6
    assert wait_seconds([NOW] * 20, NOW + timedelta(minutes=15)) == 0


def test_a_failure_from_the_future_locks_nobody_out_for_long() -> None:
    assert wait_seconds([NOW + timedelta(days=1)] * 5, NOW) == 10
