"""One HTTP question: what was reached, how long each step took, who answered, at whatever address was asked."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from outlive.errors import ConfigError
from outlive.lab.ground.process import free_port
from outlive.transport import http
from outlive.transport.dns import Names
from outlive.transport.net import Trust, trust
from tests.world.web import Authority, Page, WebServer

pytestmark = pytest.mark.slow
NAME = "shop.example.test"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def trusting(authority: Authority) -> Trust:
    return trust(authority.path)


@pytest.fixture
def plain() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def secure(authority: Authority) -> Iterator[WebServer]:
    with WebServer(authority.issue(NAME)) as server:
        yield server


def ask(url: str, trust: Trust, address: str | None = None, seconds: float = 5) -> http.Answer:
    return asyncio.run(http.ask(http.Question(url, address, seconds), Names(["127.0.0.1"]), trust))


def test_a_page_and_the_time_of_each_step(plain: WebServer, trusting: Trust) -> None:
    answer = ask(plain.url("/?a=b"), trusting)
    assert (answer.status, answer.error, answer.remote_address) == (404, "", "127.0.0.1")
    answer = ask(plain.url(), trusting)
    assert (answer.status, answer.body, answer.headers["server"]) == (200, b"welcome\n", "tiny")
    steps = (answer.steps.connect_seconds, answer.first_byte_seconds)
    assert all(one is not None and 0 < one < answer.seconds for one in steps)
    assert answer.steps.tls_seconds is None
    assert answer.date is not None


def test_a_pinned_address_is_asked_in_the_name_of_another(secure: WebServer, trusting: Trust) -> None:
    """Nobody resolves the name; SNI and Host are its own, so that the certificate is looked at for it."""
    answer = ask(secure.url("/", NAME), trusting, "127.0.0.1")
    assert (answer.status, answer.distrust, answer.dns_seconds) == (200, "", None)
    assert secure.asked == [(f"{NAME}:{secure.port}", "/")]
    assert answer.steps.tls_seconds is not None


@pytest.mark.parametrize(
    ("names", "ends", "said"),
    [
        (["other.example.test"], timedelta(days=9), "mismatch"),
        ([NAME], -timedelta(days=1), "expired"),
    ],
)
def test_a_certificate_that_is_not_valid_is_told_and_the_page_is_seen_all_the_same(
    authority: Authority, trusting: Trust, names: list[str], ends: timedelta, said: str
) -> None:
    with WebServer(authority.issue(*names, ends=ends)) as server:
        answer = ask(server.url("/", NAME), trusting, "127.0.0.1")
    assert (answer.status, answer.error) == (200, "")
    assert said in answer.distrust


def test_an_authority_that_nobody_knows_is_told(secure: WebServer) -> None:
    assert "issuer" in ask(secure.url("/", NAME), trust(), "127.0.0.1").distrust


def test_what_speaks_no_tls_is_told(trusting: Trust) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        chatter = threading.Thread(target=lambda: listener.accept()[0].sendall(b"220 mail.example.test ready\r\n"))
        chatter.start()
        answer = ask(f"https://{NAME}:{listener.getsockname()[1]}/", trusting, "127.0.0.1")
        chatter.join()
    assert (answer.status, answer.error) == (None, "tls")
    assert answer.steps.connect_seconds is not None


def test_nobody_there_is_refused(trusting: Trust) -> None:
    answer = ask(f"http://127.0.0.1:{free_port()}/", trusting)
    assert (answer.error, answer.remote_address) == ("connect_refused", "127.0.0.1")
    assert answer.steps.connect_seconds is None


def test_a_name_that_leads_nowhere_is_told(trusting: Trust) -> None:
    assert ask("http://nowhere.example.test/", trusting).error == "dns"


@pytest.mark.parametrize(("hang", "error"), [("headers", "headers_timeout"), ("body", "body_timeout")])
def test_a_page_that_hangs_says_where(plain: WebServer, trusting: Trust, hang: str, error: str) -> None:
    plain.pages["/"] = Page(hang=hang)
    answer = ask(plain.url(), trusting, seconds=1)
    assert answer.error == error
    assert answer.steps.connect_seconds is not None, "somebody took the connection"
    assert answer.seconds < 4


def test_a_port_that_takes_connections_and_never_speaks(trusting: Trust) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        assert ask(f"http://127.0.0.1:{port}/", trusting, seconds=1).error == "headers_timeout"
        assert ask(f"https://127.0.0.1:{port}/", trusting, seconds=1).error == "headers_timeout"


def test_one_that_hangs_up_is_told(trusting: Trust) -> None:
    with WebServer() as server:
        server.pages["/"] = Page(headers={"Content-Length": "100"})
        answer = ask(server.url(), trusting, seconds=3)
    assert (answer.status, answer.error) == (200, "closed")


def test_redirects_are_followed_and_told(plain: WebServer, trusting: Trust) -> None:
    plain.pages |= {
        "/": Page(302, headers={"Location": "/a"}),
        "/a": Page(301, headers={"Location": plain.url("/b")}),
        "/b": Page(body=b"here"),
    }
    answer = ask(plain.url(), trusting)
    assert (answer.status, answer.body) == (200, b"here")
    assert answer.redirects == (plain.url(), plain.url("/a"))


def test_a_redirect_in_circles_ends(plain: WebServer, trusting: Trust) -> None:
    plain.pages["/"] = Page(302, headers={"Location": "/"})
    answer = ask(plain.url(), trusting)
    assert (answer.status, len(answer.redirects)) == (302, http.REDIRECTS)


def test_a_pinned_question_is_not_led_to_another_name(plain: WebServer, trusting: Trust) -> None:
    plain.pages["/"] = Page(302, headers={"Location": "http://elsewhere.example.test/"})
    answer = ask(f"http://{NAME}:{plain.port}/", trusting, "127.0.0.1")
    assert (answer.status, answer.headers["location"]) == (302, "http://elsewhere.example.test/")


def test_a_body_without_end_is_cut(plain: WebServer, trusting: Trust) -> None:
    plain.pages["/"] = Page(body=b"x" * (http.BODY_BYTES * 4))
    answer = ask(plain.url(), trusting)
    assert (answer.error, len(answer.body)) == ("", http.BODY_BYTES)


def test_many_at_once_take_as_long_as_the_slowest(plain: WebServer, trusting: Trust) -> None:
    plain.pages["/hang"] = Page(hang="headers")

    async def all_of_them() -> list[http.Answer]:
        names = Names(["127.0.0.1"])
        questions = [http.Question(plain.url("/hang" if n % 2 else "/"), None, 3) for n in range(40)]
        return await asyncio.gather(*(http.ask(one, names, trusting) for one in questions))

    answers = asyncio.run(all_of_them())
    assert [one.error for one in answers] == ["", "headers_timeout"] * 20
    assert all(one.seconds < 3 for one in answers if not one.error), "who hangs delays nobody"


def test_an_authority_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing")
    for path in (tmp_path / "none.pem", tmp_path / "missing.pem"):
        with pytest.raises(ConfigError, match="no readable certificates"):
            trust(path)
