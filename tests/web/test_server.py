"""The page's server on a real socket."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import httpx

from outlive.web.app import Doors, make_app
from outlive.web.server import PageServer
from tests.web.world import HASH, PASSWORD, World
from tests.world.web import Authority


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


def test_with_a_certificate_it_speaks_tls_and_the_cookie_stays_there(tmp_path: Path) -> None:
    authority, said = Authority(tmp_path), []
    pair = authority.issue("localhost")
    server = PageServer(make_app(Doors(World().facts(), lambda: HASH)), "127.0.0.1:0", said.append, (pair, pair))
    server.start()
    try:
        port = server.address.rpartition(":")[2]
        trusted = ssl.create_default_context(cafile=str(authority.path))
        with httpx.Client(base_url=f"https://localhost:{port}", verify=trusted, trust_env=False, timeout=60) as browser:
            answer = browser.post("/sign-in", data={"password": PASSWORD})
    finally:
        server.stop()
    assert answer.status_code == 303 and "Secure" in answer.headers["set-cookie"]
    assert said == [f"the page is at https://{server.address}/"]


def test_a_certificate_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    missing = tmp_path / "page.pem"
    server = PageServer(make_app(Doors(World().facts(), lambda: HASH)), "127.0.0.1:0", said.append, (missing, missing))
    server.start()
    server.stop()
    assert "nobody serves the page" in said[-1]
