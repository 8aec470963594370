"""When `status --watch` and the page look at the hosts again, and what they tell meanwhile."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any

import pytest

from outlive.cli.status_look import Looked
from outlive.cli.status_looking import Looking
from outlive.errors import VaultUnreachable
from outlive.testing.clock import ManualClock


class Later(Executor):
    """Does what it was given when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any]] = []

    def submit(self, act: Any, /, *_: Any, **__: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, act))
        return future

    def work(self) -> None:
        for future, act in self.waiting:
            try:
                future.set_result(act())
            except VaultUnreachable as error:
                future.set_exception(error)
        self.waiting.clear()


@pytest.fixture
def pool() -> Later:
    return Later()


def test_none_until_the_first_has_ended_then_that_one_until_it_is_old(pool: Later) -> None:
    clock, looks = ManualClock(), [Looked(), Looked()]
    coming = iter(looks)
    looking = Looking(lambda: next(coming), clock.monotonic, pool, 60)
    assert looking() is None and looking() is None and len(pool.waiting) == 1
    pool.work()
    assert looking() is looks[0]
    clock.sleep(59)
    assert looking() is looks[0] and not pool.waiting
    clock.sleep(2)
    assert looking() is looks[0] and len(pool.waiting) == 1, "the old one while the new one is under way"
    pool.work()
    assert looking() is looks[1]


def test_one_that_is_far_too_old_is_not_told(pool: Later) -> None:
    """Nobody asked for a day; or a host holds the look up."""
    clock = ManualClock()
    looking = Looking(Looked, clock.monotonic, pool, 60)
    looking()
    pool.work()
    assert looking() is not None
    clock.sleep(121)
    assert looking() is None and len(pool.waiting) == 1


def test_one_that_fails_is_told_once_and_tried_again(pool: Later) -> None:
    def look() -> Looked:
        raise VaultUnreachable("the mirror")

    looking = Looking(look, ManualClock().monotonic, pool, 60)
    looking()
    pool.work()
    with pytest.raises(VaultUnreachable):
        looking()
    assert looking() is None and len(pool.waiting) == 1
