"""The page, asked as a browser would, and as an outsider would try."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from outlive.errors import UsageError, VaultUnreachable
from outlive.web import passwords
from outlive.web.app import COOKIE, Doors, make_app
from outlive.web.facts import Facts
from tests.web.documents import NOW, asset, copies, host, known, status

PASSWORD = "four random words here"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
ORIGIN = "http://127.0.0.1:8722"
INSIDE = ("/", "/host/web-1", "/asset/shop-db", "/api/status", "/api/copies/shop-db", "/nothing")


@dataclass
class World:
    """What the page is told, to be changed by a test."""

    now: datetime = NOW
    status: dict[str, Any] = field(default_factory=status)
    fails: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)

    def facts(self) -> Facts:
        return Facts(
            status=self._status,
            copies=lambda asset: copies(),
            hosts=lambda: {"web-1": known()},
            request=lambda act, asset: self.requests.append((act, asset)),
            running=lambda: [],
            incidents=lambda: ["#7 web-1: unreachable"],
            outcomes=lambda: {},
            now=lambda: self.now,
        )

    def _status(self) -> dict[str, Any]:
        if self.fails:
            raise VaultUnreachable("it hangs.")
        return self.status


Visit = Callable[[httpx.AsyncClient], Awaitable[None]]


def visit(world: World, act: Visit, names: tuple[str, ...] = ()) -> None:
    async def run() -> None:
        app = make_app(Doors(world.facts(), lambda: HASH, names))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
            await act(browser)

    asyncio.run(run())


async def sign_in(browser: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/sign-in", data={"password": password}, headers={"Origin": ORIGIN})


async def csrf(browser: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/")).text)
    assert found
    return found[1]


@pytest.mark.parametrize("path", INSIDE)
def test_nobody_reads_without_a_session(path: str) -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        for headers in ({}, {"Cookie": f"{COOKIE}=made-up"}):
            answer = await browser.get(path, headers=headers)
            assert answer.status_code in (303, 401)
            assert "web-1" not in answer.text and "shop-db" not in answer.text

    visit(World(), act)


def test_every_view_is_there_with_strict_headers() -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        answer = await sign_in(browser)
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie
        for path in INSIDE[:-1]:
            answer = await browser.get(path)
            assert answer.status_code == 200, path
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert "<script" not in answer.text and "style=" not in answer.text and "http://" not in answer.text
        assert "#7 web-1: unreachable" in (await browser.get("/")).text
        assert (await browser.get("/nothing")).status_code == 404
        assert (await browser.get("/asset/other")).status_code == 404
        assert (await browser.get("/host/other")).status_code == 404
        assert (await browser.get("/api/copies/other")).status_code == 404

    visit(World(), act)


def test_what_hosts_say_is_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    world = World(status=status(hosts=[host(host=evil, verdict=evil, because=[evil])], assets=[asset(risks=[evil])]))

    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        assert "<script" not in (await browser.get("/")).text
        assert "<script" not in (await browser.get("/asset/shop-db?asked=<script>&at=now")).text

    visit(world, act)


def test_a_wrong_password_opens_nothing_and_soon_must_wait() -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        for _ in range(5):
            assert (await sign_in(browser, "wrong")).status_code == 401
        assert (await sign_in(browser)).status_code == 429
        assert not browser.cookies
        world.now += timedelta(seconds=11)
        assert (await sign_in(browser)).status_code == 303
        world.now += timedelta(hours=13)
        assert (await browser.get("/")).status_code == 303, "a session ends"

    visit(world, act)


def test_a_form_from_elsewhere_does_nothing() -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        token = await csrf(browser)
        for origin, given in ((ORIGIN, ""), (ORIGIN, "x" * 43), ("https://evil.example", token), ("null", token)):
            answer = await browser.post("/asset/shop-db/backup", data={"csrf": given}, headers={"Origin": origin})
            assert answer.status_code == 403
        answer = await browser.post("/sign-in", data={"password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert world.requests == []
        assert (await browser.get("/asset/shop-db/backup")).status_code in (404, 405)

    visit(world, act)


def test_an_act_is_left_with_the_keeper() -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        form = {"csrf": await csrf(browser)}
        answer = await browser.post("/asset/shop-db/drill", data=form)
        assert answer.headers["location"] == "/asset/shop-db?asked=drill&at=2026-02-07T03:00:00Z"
        for path in ("/asset/shop-db/prune", "/asset/other/backup"):
            assert (await browser.post(path, data=form)).status_code == 404
        assert world.requests == [("drill", "shop-db")]

    visit(world, act)


def test_signed_out_is_out() -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        kept = browser.cookies[COOKIE]
        await browser.post("/sign-out", data={"csrf": await csrf(browser)})
        assert (await browser.get("/", headers={"Cookie": f"{COOKIE}={kept}"})).status_code == 303

    visit(World(), act)


def test_another_name_reads_nothing() -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        for name, code in (("evil.example", 421), ("[", 421), ("keeper.example.org", 200), ("localhost:1", 200)):
            answer = await browser.get("/sign-in", headers={"Host": name})
            assert answer.status_code == code, name

    visit(World(), act, ("keeper.example.org",))


def test_behind_tls_the_cookie_stays_there() -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        headers = {"Host": "keeper.example.org", "Origin": "https://keeper.example.org"}
        answer = await browser.post("/sign-in", data={"password": PASSWORD}, headers=headers)
        assert "Secure" in answer.headers["set-cookie"]

    visit(World(), act, ("keeper.example.org",))


def test_a_vault_that_is_away_is_said_with_its_cure() -> None:
    world = World(fails=True)

    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        answer = await browser.get("/")
        assert answer.status_code == 503
        assert "it hangs." in answer.text and "Check the network" in answer.text

    visit(world, act)


def test_a_huge_form_is_not_read() -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        assert (await sign_in(browser, "x" * 100_000)).status_code == 401

    visit(World(), act)


def test_a_password_is_long_enough_and_its_file_private(tmp_path: Any) -> None:
    with pytest.raises(UsageError):
        passwords.hashed("short")
    passwords.write(tmp_path / "page" / "password", HASH)
    assert (tmp_path / "page" / "password").stat().st_mode & 0o777 == 0o600
    assert passwords.is_right(HASH, PASSWORD) and not passwords.is_right(HASH, "no")
