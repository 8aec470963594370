"""Listening to Loki: each line once, whatever the tail leaves out, and by the questions alone where there is none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from outlive.logs.ear import Ear
from outlive.model.observation import Observation
from outlive.testing.clock import ManualClock
from outlive.transport.api_stream import messages
from outlive.transport.net import NoAnswer
from outlive.witnesses.loki import RECONCILE_SECONDS, LokiWitness
from outlive.witnesses.loki_tail import MOST_LINES, LokiTail
from tests.world.loki import QUERY, Loki

pytestmark = pytest.mark.slow

SECOND = 1_000_000_000


class Listener:
    """A witness that listens, in one event loop, and every line that it heard."""

    def __init__(self, loki: Loki, monkeypatch: pytest.MonkeyPatch, runner: asyncio.Runner) -> None:
        self.clock, self.loki, self.runner = ManualClock(), loki, runner
        self.tail = LokiTail(QUERY, _wait_seconds=0.01)
        self.witness = LokiWitness("grafana", "web-1", QUERY, loki.api, self.clock, b"k" * 32)
        self.witness.listen(self.tail, 60)
        self.heard: list[str] = []
        self.written = 0
        hear = Ear.hear

        def listen(ear: Ear, lines: Any, *more: Any) -> None:
            self.heard += [one.text.decode() for one in lines]
            hear(ear, lines, *more)

        monkeypatch.setattr(Ear, "hear", listen)

    def write(self, count: int = 1) -> None:
        for _ in range(count):
            self.loki.write(int(self.clock.now().timestamp()) * SECOND + self.written, f"{self.written}")
            self.written += 1

    def look(self, later: float = 5) -> list[Observation]:
        self.clock.advance(later)
        seen = self.runner.run(self.witness.look())
        assert self.loki.wrong == []
        return seen

    def until(self, ready: Callable[[], bool], what: str) -> None:
        """The loop runs meanwhile."""
        deadline = time.monotonic() + 30
        while not ready():
            assert time.monotonic() < deadline, what
            self.runner.run(asyncio.sleep(0.01))

    def listening(self) -> None:
        """The tail is open, and whatever came before was asked for."""
        self.look()
        self.until(lambda: self.tail.is_open, "the tail to open")
        self.look(60)
        assert not self.tail.misses

    def until_heard(self) -> None:
        """Everything that was written, each once."""
        self.until(lambda: self.look(0) is not None and len(self.heard) >= self.written, f"only {self.heard}")
        assert sorted(self.heard, key=int) == [str(number) for number in range(self.written)]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    with Loki() as loki, asyncio.Runner() as runner:
        one = Listener(loki, monkeypatch, runner)
        yield one
        runner.run(one.witness.close())


def test_lines_are_heard_as_they_come_in_and_nobody_asks_meanwhile(listener: Listener) -> None:
    listener.write(3)
    listener.listening()
    asked = len(listener.loki.asked)
    for _ in range(4):
        listener.write(20)
        listener.until_heard()
        listener.clock.advance(5)
    assert len(listener.loki.asked) == asked
    listener.look(RECONCILE_SECONDS)
    assert len(listener.loki.asked) == asked + 1, "now and then all the same"
    listener.until_heard()


def test_what_came_between_the_answer_and_the_tail_is_asked_for(listener: Listener) -> None:
    listener.look()
    listener.write(5)
    listener.until(lambda: listener.tail.is_open, "the tail to open")
    assert listener.tail.misses
    listener.look(60)
    listener.until_heard()


def test_a_tail_that_breaks_off_loses_and_doubles_nothing(listener: Listener) -> None:
    listener.listening()
    for _ in range(3):
        listener.write(10)
        listener.look(1)
        listener.loki.cut.set()
        listener.until(lambda: listener.loki.tails_open == 0 and listener.tail.misses, "the end")
        listener.write(10)
        listener.look(60)
        listener.until(lambda: listener.look(0) is not None and listener.tail.is_open, "it listens again")
    listener.write(10)
    listener.look(60)
    listener.until_heard()
    assert listener.loki.tails == 4


def test_what_it_says_it_left_out_is_asked_for_soon_and_what_it_does_not_say_later(listener: Listener) -> None:
    listener.loki.tail_faults = ["drops"]
    listener.listening()
    listener.write(10)
    listener.until(lambda: listener.tail.misses, "the news of what was left out")
    listener.look(60)
    listener.until_heard()
    listener.loki.cut.set()
    listener.until(lambda: not listener.tail.is_open, "the end")
    listener.loki.tail_faults = ["drops-unsaid"]
    listener.until(lambda: listener.look(60) is not None and listener.tail.is_open, "it listens again")
    listener.look(60)
    listener.write(10)
    listener.until(lambda: listener.look(0) is not None and len(listener.heard) > 10, "some of it")
    listener.look(RECONCILE_SECONDS)
    listener.until_heard()


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("502-html", "status"),
        ("200-html", "status"),
        ("429", "rate_limited"),
        ("garbage", "unreadable"),
        ("cuts", "closed"),
    ],
)
def test_without_a_tail_the_questions_go_on_and_it_is_said_once(listener: Listener, fault: str, word: str) -> None:
    listener.loki.tail_faults = [fault] * 1000
    told: list[Observation] = []

    def is_said() -> bool:
        listener.write()
        told.extend(one for one in listener.look(60) if one.fact == "log.tail")
        return any(one.error == word for one in told)

    listener.until(is_said, f"{word}: {told}")
    listener.look(60)
    listener.until_heard()


def test_a_quiet_side_that_answers_no_ping_is_gone(listener: Listener) -> None:
    listener.loki.tail_faults = ["mute"]

    async def read() -> list[Any]:
        return [one async for one in messages(listener.loki.api(), _path(listener), idle_seconds=0.3)]

    with pytest.raises(NoAnswer) as error:
        listener.runner.run(read())
    assert error.value.word == "timeout"


def test_a_refused_token_is_named_and_goes_nowhere_else(listener: Listener) -> None:
    async def read() -> list[Any]:
        return [one async for one in messages(listener.loki.api("an-old-token"), _path(listener))]

    with pytest.raises(NoAnswer) as error:
        listener.runner.run(read())
    assert error.value.word == "refused_token" and "old-token" not in str(error.value)


def test_more_than_fits_between_two_looks_is_asked_for_page_by_page(listener: Listener) -> None:
    tail = listener.tail
    listener.listening()
    listener.write(30)
    tail._hear([], 0)
    tail._bytes = 8 << 20
    listener.until(lambda: tail.misses, "that it is too much")
    assert MOST_LINES >= 20_000
    listener.look(60)
    listener.until_heard()


def _path(listener: Listener) -> str:
    from outlive.commands.loki import tail_path

    return tail_path(QUERY, int(listener.clock.now().timestamp()) * SECOND, 100)
