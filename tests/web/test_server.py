"""The page's server on a real socket."""

from __future__ import annotations

import socket

import httpx

from outlive.web.app import Doors, make_app
from outlive.web.server import PageServer
from tests.web.world import HASH, World


def _server(listen: str, said: list[str]) -> PageServer:
    return PageServer(make_app(Doors(World().facts(), lambda: HASH)), listen, said.append)


def test_it_answers_from_start_to_stop() -> None:
    said: list[str] = []
    server = _server("127.0.0.1:0", said)
    server.start()
    try:
        answer = httpx.get(f"http://{server.address}/sign-in", trust_env=False)
    finally:
        server.stop()
    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert said == [f"the page is at http://{server.address}/"]


def test_a_port_that_is_taken_is_told_and_ends_nothing() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = _server(f"127.0.0.1:{taken.getsockname()[1]}", said)
        server.start()
        server.stop()
    assert len(said) == 1 and "nobody serves the page" in said[0]
