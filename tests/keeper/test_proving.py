"""What is not proven is asked of the vault beside everything else."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from outlive.errors import OutliveError
from outlive.keeper import proving
from outlive.keeper.proving import Proving
from outlive.testing.clock import ManualClock


class Ask:
    """Answers when it may; `calls` counts."""

    def __init__(self, *answers: list[str] | OutliveError) -> None:
        self.answers, self.calls = list(answers), 0
        self.may = threading.Event()

    def __call__(self, now: datetime) -> list[str]:
        self.calls += 1
        self.may.wait(10)
        answer = self.answers.pop(0)
        if isinstance(answer, OutliveError):
            raise answer
        return answer


def settle(one: Proving) -> None:
    assert one._thread is not None
    one._thread.join(10)


def test_it_does_not_wait_for_the_vault_and_asks_it_once_at_a_time() -> None:
    clock, ask = ManualClock(), Ask([], [])
    one = Proving(ask, clock)
    for _ in range(3):
        assert one.failures(clock.now()) is None
        clock.advance(proving.ASK.total_seconds())
    assert ask.calls == 1
    assert one.failures(clock.now() + timedelta(hours=1)), "a vault that hangs"
    ask.may.set()
    settle(one)
    assert one._told.failures(clock.now()) == ()


@pytest.mark.parametrize("answer, again", [([], proving.ASK), (["db: red"], proving.ASK_SOON)])
def test_it_asks_again_sooner_when_something_is_not_proven(answer: list[str], again: timedelta) -> None:
    clock, ask = ManualClock(), Ask(answer, [])
    ask.may.set()
    one = Proving(ask, clock)
    one.failures(clock.now())
    settle(one)
    clock.advance(again.total_seconds() - 1)
    assert one.failures(clock.now()) == tuple(answer) and ask.calls == 1
    clock.advance(1)
    one.failures(clock.now())
    settle(one)
    assert ask.calls == 2


def test_a_vault_that_fails_leaves_what_was_known() -> None:
    clock, ask = ManualClock(), Ask(["db: red"], OutliveError("away"))
    ask.may.set()
    one = Proving(ask, clock)
    one.failures(clock.now())
    settle(one)
    clock.advance(proving.ASK.total_seconds())
    one.failures(clock.now())
    settle(one)
    assert one.failures(clock.now()) == ("db: red",)
