"""The canaries are asked when a host is silent and nobody else answered, and not otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from outlive.config.schema_watch import WatchSettings
from outlive.model.observation import Channel, Observation
from outlive.testing.clock import ManualClock
from outlive.transport.dns import Names
from outlive.watch.own import AGAIN_SECONDS, OwnState
from tests.watch.made import seen
from tests.world.web import TRUST, Page, WebServer

pytestmark = pytest.mark.slow
SILENT = [seen("http.response", {"url": "u", "error": "connect_timeout"})]
ANSWER = [seen("http.response", {"url": "u", "status": 502})]
NEITHER = [seen("tofu.state", {"error": "unreadable"}, channel=Channel.PROVIDER)]
NOWHERE = "[2001:db8::9]:53"


@pytest.fixture
def canary() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def own(*canaries: str) -> tuple[OwnState, ManualClock]:
    clock = ManualClock()
    settings = replace(WatchSettings(), canaries=canaries)
    return OwnState(settings, Names(["127.0.0.1"], 1.0), TRUST, clock), clock


def told(state: OwnState, looks: list[Observation], *, alone: bool = True) -> Any:
    found = asyncio.run(state.after(looks, alone=alone))
    return found[0].value["state"] if found else None


def test_a_silent_look_has_the_canaries_asked(canary: WebServer) -> None:
    state, _ = own(canary.url())
    assert told(state, SILENT) == "ok"
    assert len(canary.asked) == 1
    assert told(own(NOWHERE)[0], SILENT) == "no_network"


def test_an_answer_needs_no_canary(canary: WebServer) -> None:
    state, _ = own(canary.url())
    assert told(state, ANSWER) == "ok"
    assert told(state, SILENT, alone=False) == "ok", "somebody else answered meanwhile"
    assert canary.asked == []


def test_what_says_nothing_of_the_network_changes_nothing(canary: WebServer) -> None:
    state, _ = own(canary.url())
    assert told(state, NEITHER) is None
    assert canary.asked == []


def test_many_silent_looks_at_once_are_one_question(canary: WebServer) -> None:
    state, clock = own(canary.url())
    for _ in range(5):
        assert told(state, SILENT) == "ok"
    assert len(canary.asked) == 1
    clock.advance(AGAIN_SECONDS)
    told(state, SILENT)
    assert len(canary.asked) == 2


def test_without_canaries_nobody_can_tell() -> None:
    assert told(own()[0], SILENT) is None


def test_asking_for_the_time_says_nothing_of_the_network() -> None:
    """Canaries may be out of reach for good; a host that answers shows that the network is there."""
    state, _ = own(NOWHERE)
    asyncio.run(state.check_clock())
    assert told(state, NEITHER) is None


def test_the_clocks_of_the_canaries_are_compared_with_ours(canary: WebServer) -> None:
    """The manual clock stands in February; the two servers agree on another time."""
    with WebServer(address="127.0.0.2") as other:
        other.pages["/"] = canary.pages["/"] = Page(skew=timedelta())
        state, _ = own(canary.url(), other.url())
        asyncio.run(state.check_clock())
        assert told(state, ANSWER) == "clock_skew"


def test_a_locked_memory_is_told_until_it_is_open() -> None:
    state, _ = own()
    state.locked = True
    assert told(state, ANSWER) == "locked"
    state.locked = False
    assert told(state, ANSWER) == "ok"
