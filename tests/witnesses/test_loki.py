"""The witness of logs in Loki, before a strict one that misbehaves: each line once, whatever happens between."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from outlive.errors import ConfigError
from outlive.logs.ear import Ear
from outlive.model.observation import Channel, Observation
from outlive.testing.clock import ManualClock
from outlive.transport.api import Api
from outlive.witnesses.loki import LokiWitness
from tests.world.loki import QUERY, Loki

pytestmark = pytest.mark.slow

SECOND = 1_000_000_000


class Reader:
    """A witness before a Loki, and every line that it heard."""

    def __init__(self, loki: Loki, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.loki = ManualClock(), loki
        self.opened = 0
        self.token = "a-token-of-the-tests"
        self.witness = LokiWitness("grafana", "web-1", QUERY, self.open, self.clock, b"k" * 32)
        self.heard: list[str] = []
        hear = Ear.hear

        def listen(ear: Ear, lines: Any, *more: Any) -> None:
            assert [one.at for one in lines] == sorted(one.at for one in lines)
            self.heard += [one.text.decode() for one in lines]
            hear(ear, lines, *more)

        monkeypatch.setattr(Ear, "hear", listen)

    def open(self) -> Api:
        self.opened += 1
        return self.loki.api(self.token)

    def restart(self) -> None:
        """A new keeper, that knows what the one before had remembered."""
        remembered = json.loads(json.dumps(self.witness.positions()))
        self.witness = LokiWitness("grafana", "web-1", QUERY, self.open, self.clock, b"k" * 32)
        self.witness.resume(remembered)

    def ago(self, seconds: float) -> int:
        return int(self.clock.now().timestamp()) * SECOND - int(seconds * SECOND)

    def look(self, later: float = 60) -> list[Observation]:
        self.clock.advance(later)
        seen = asyncio.run(self.witness.look())
        assert self.loki.wrong == []
        return seen

    def errors(self, later: float = 60) -> list[str]:
        return [one.error for one in self.look(later) if one.error is not None]


@pytest.fixture
def loki() -> Iterator[Loki]:
    with Loki() as one:
        yield one


@pytest.fixture
def reader(loki: Loki, monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(loki, monkeypatch)


def test_what_is_told_of_a_line(reader: Reader) -> None:
    reader.loki.write(reader.ago(5), "curl http://169.254.169.254/latest/")
    seen = {one.fact: one for one in reader.look()}
    assert seen["log.seen"].value == {"service": "app", "stream": "stderr"}
    assert seen["log.seen"].at == reader.clock.now() - timedelta(seconds=65)
    leak = seen["log.leak"]
    assert (leak.channel, leak.subject, leak.value["rule"]) == (Channel.TELEMETRY, "web-1", "metadata-endpoint")
    assert leak.value["compromise"] is True


def test_every_line_once_over_pages_same_moments_late_ones_and_services(reader: Reader) -> None:
    chance, wanted = random.Random(7), []
    for look in range(6):
        for number in range(700):
            moment = reader.ago(chance.choice((0, 1, 2, 20, 40))) - chance.randrange(3)
            wanted.append(text := f"line {look} {number}")
            reader.loki.write(moment, text, chance.choice(("app", "edge")), chance.choice(("stdout", "stderr")))
        reader.witness._limit = 150
        assert reader.errors(later=15) == []
    reader.errors(later=15)
    assert sorted(reader.heard) == sorted(wanted)


def test_times_as_whole_numbers_are_exact_too(reader: Reader) -> None:
    reader.loki.numbers, reader.witness._limit = True, 2
    for number in range(9):
        reader.loki.write(reader.ago(5) + number, f"{number}")
    assert reader.errors() == [] and reader.heard == [str(number) for number in range(9)]


def test_a_page_full_of_one_moment_does_not_go_round_in_circles(reader: Reader) -> None:
    reader.witness._limit = 5
    for number in range(20):
        reader.loki.write(reader.ago(5), f"{number:02}")
    reader.loki.write(reader.ago(4), "after")
    assert reader.errors() == [] and "after" in reader.heard and len(reader.heard) == 6


@pytest.mark.parametrize("fault", ["429", "500", "502-html"])
def test_a_bad_moment_is_waited_for(reader: Reader, fault: str) -> None:
    reader.loki.write(reader.ago(5), "kept")
    reader.loki.faults = [fault]
    assert reader.errors() == [] and reader.heard == ["kept"]
    assert reader.loki.waits == [2.0 if fault == "429" else 1.0]


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("429-for-long", "rate_limited"),
        ("502-html", "status"),
        ("200-html", "unreadable"),
        ("cut-off", "unreadable"),
        ("matrix", "unreadable"),
    ],
)
def test_a_bad_hour_is_no_data_and_nothing_is_lost_or_doubled(reader: Reader, fault: str, word: str) -> None:
    reader.loki.write(reader.ago(5), "before")
    assert reader.errors() == []
    reader.loki.write(reader.ago(5), "meanwhile")
    for _ in range(3):
        reader.loki.faults = [fault] * 3
        assert reader.errors() == [word]
        reader.loki.faults = []
    assert reader.errors() == [] and reader.heard == ["before", "meanwhile"]


def test_a_fault_between_two_pages_is_gone_on_from(reader: Reader) -> None:
    reader.witness._limit = 10
    wanted = [f"{number:02}" for number in range(25)]
    for number, text in enumerate(wanted):
        reader.loki.write(reader.ago(30) + number, text)
    found = reader.loki.answer
    reader.loki.answer = lambda *more: found(*more) if len(reader.loki.asked) != 1 else (404, {}, b"")  # type: ignore[method-assign]
    assert reader.errors() == ["status"] and len(reader.heard) == 10
    reader.loki.answer = found  # type: ignore[method-assign]
    assert reader.errors() == [] and reader.heard == wanted


def test_one_that_allows_fewer_lines_is_asked_for_fewer(reader: Reader) -> None:
    reader.loki.most_entries = 100
    wanted = [f"{number:03}" for number in range(250)]
    for number, text in enumerate(wanted):
        reader.loki.write(reader.ago(30) + number, text)
    assert reader.errors() == [] and reader.heard == wanted
    assert [one["limit"] for one in reader.loki.asked] == ["1000", "100", "100", "100"]


def test_a_refused_token_is_fetched_anew_and_never_told(reader: Reader) -> None:
    reader.token = "an-old-token"
    seen = reader.look()
    assert [one.error for one in seen] == ["refused_token"] and "old-token" not in str(seen)
    reader.token = "a-token-of-the-tests"
    assert reader.errors() == [] and reader.opened == 2


def test_a_token_that_is_not_to_be_had(reader: Reader) -> None:
    def none() -> Api:
        raise ConfigError("The environment has no OUTLIVE_LOKI_TOKEN.")

    reader.witness.open = none
    assert reader.errors() == ["configuration"]


def test_what_falls_too_far_behind_is_given_up_and_said(reader: Reader) -> None:
    reader.witness._limit = 1
    for number in range(60):
        reader.loki.write(reader.ago(300) + number, f"{number}")
    assert reader.errors() == [] and len(reader.heard) < 60
    assert reader.errors(later=400) == ["behind"]


def test_long_out_of_reach_is_said(reader: Reader) -> None:
    assert reader.errors() == []
    assert reader.errors(later=3600) == ["behind"]
    assert reader.errors() == []


def test_quiet_is_not_behind(reader: Reader) -> None:
    assert [reader.errors(later=300) for _ in range(6)] == [[]] * 6


def test_a_restart_reads_nothing_twice_and_loses_nothing_that_came_late(reader: Reader) -> None:
    chance, wanted = random.Random(11), []
    for look in range(6):
        for number in range(200):
            wanted.append(text := f"line {look} {number}")
            reader.loki.write(reader.ago(chance.choice((0, 1, 20, 40))) - chance.randrange(3), text)
        reader.witness._limit = 150
        assert reader.errors(later=15) == []
        reader.restart()
    reader.errors(later=15)
    assert sorted(reader.heard) == sorted(wanted)


def test_a_restart_tells_nothing_again_and_finishes_what_was_begun(reader: Reader) -> None:
    reader.loki.write(reader.ago(5), "curl http://169.254.169.254/latest/")
    reader.loki.write(reader.ago(4), "signal: 'SIGTERM',")
    assert "log.leak" in {one.fact for one in reader.look(later=1)}
    reader.restart()
    reader.loki.write(reader.ago(1), "status: null, pid: 50820,")
    seen = [one for _ in range(3) for one in reader.look(later=1)]
    assert "log.leak" not in {one.fact for one in seen}
    reader.loki.write(reader.ago(1), "curl http://169.254.169.254/latest/")
    assert "log.leak" in {one.fact for one in reader.look()}


def test_of_a_busy_store_what_is_remembered_is_bounded(reader: Reader) -> None:
    for number in range(5000):
        reader.loki.write(reader.ago(5) + number, f"{number}")
    assert reader.errors() == [] and len(reader.heard) == 5000
    assert len(json.dumps(reader.witness.positions())) < 25_000
    reader.restart()
    assert reader.errors(later=1) == [] and len(reader.heard) == 5000


@pytest.mark.parametrize("document", [{}, {"from": 1}, {"from": 1, "since": 0, "behind": False, "known": "%"}])
def test_a_position_that_cannot_be_read_is_none(reader: Reader, document: dict[str, Any]) -> None:
    reader.loki.write(reader.ago(5), "kept")
    reader.witness.resume({reader.witness._which: document})
    assert reader.errors() == [] and reader.heard == ["kept"]
