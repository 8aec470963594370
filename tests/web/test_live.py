"""News for open pages, on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from outlive.web.app import Doors, make_app
from outlive.web.server import PageServer
from tests.web.world import HASH, PASSWORD, World

pytestmark = pytest.mark.slow

CEILING_SECONDS = 60.0


@contextmanager
def listening(world: World) -> Iterator[Iterator[str]]:
    """The lines that an open page of somebody signed in hears."""
    server = PageServer(make_app(Doors(world.facts(), lambda: HASH)), "127.0.0.1:0", lambda words: None)
    server.start()
    try:
        with httpx.Client(base_url=f"http://{server.address}", trust_env=False, timeout=CEILING_SECONDS) as browser:
            browser.post("/sign-in", data={"password": PASSWORD})
            with browser.stream("GET", "/live") as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                yield answer.iter_lines()
    finally:
        server.stop()


def _until(lines: Iterator[str], wanted: str) -> None:
    assert any(line == wanted for line in lines), wanted


def test_what_happened_is_heard() -> None:
    world = World()
    with listening(world) as lines:
        _until(lines, "event: still")
        world.pulse += 1
        _until(lines, "event: news")


def test_who_is_signed_out_hears_no_more() -> None:
    world = World()
    with listening(world) as lines:
        _until(lines, "event: still")
        world.now += timedelta(days=1)
        world.pulse += 1
        _until(lines, "event: out")
        assert list(lines) == ["data: signed out", ""]
