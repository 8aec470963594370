"""The page, asked as a browser would, and as an outsider would try."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from outlive.errors import UsageError
from outlive.web import passwords
from outlive.web.app import COOKIE, Doors, make_app
from outlive.web.oidc.attempts import Attempt
from outlive.web.oidc.door import OidcDoor
from outlive.web.oidc.errors import ProviderSilent
from outlive.web.oidc.people import Person
from tests.web.documents import asset, host, status
from tests.web.world import HASH, ORIGIN, PASSWORD, World, csrf, sign_in, visit

INSIDE = (
    *(
        "/",
        "/host/web-1",
        "/asset/shop-db",
        "/asset/shop-db/restore",
        "/incidents",
        "/incident/7",
        "/incident/7/report",
    ),
    *("/recoveries", "/vault", "/settings", "/api/status", "/api/copies/shop-db", "/api/hosts/web-1", "/api/incidents"),
    *("/api/incidents/7", "/api/vault", "/api/openapi.json", "/live", "/confirm", "/nothing"),
)


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
        for path in INSIDE[:-3]:
            answer = await browser.get(path)
            assert answer.status_code == 200, path
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert re.search(r"<script(?! src)|style=|<style|onclick|(href|src|action)=.http", answer.text) is None, (
                path
            )
        assert "web-1: unreachable" in (await browser.get("/")).text
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
        for path in ("/", "/asset/shop-db?asked=<script>&at=now", "/host/web-1?check=<script>", "/incident/7/report"):
            assert "<script>" not in (await browser.get(path)).text

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
        assert world.wishes == []
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
        assert world.wishes == [("drill", "shop-db")]

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


class Silent:
    """A provider that does not answer."""

    async def gate(self, attempt: Attempt) -> str:
        raise ProviderSilent

    async def person(self, attempt: Attempt, code: str, now: Callable[[], datetime]) -> Person:
        raise ProviderSilent


def test_no_route_is_open_but_those_that_must_be() -> None:
    """Whoever adds a router and forgets its door is told here."""
    oidc = OidcDoor(Silent(), ORIGIN, "the provider")
    app = make_app(Doors(World().facts(), lambda: HASH, oidc=oidc))

    async def act(browser: httpx.AsyncClient) -> None:
        found = set()
        for route in app.routes:
            assert isinstance(route, Route)
            path = re.sub(r"\{[^}]*\}", "7", route.path)
            for method in (route.methods or set()) - {"HEAD"}:
                answer = await browser.request(method, path)
                location = answer.headers.get("location", "")
                if answer.status_code != 401 and location != "/sign-in":
                    found.add(path.rpartition("/")[0] if "." in path else path)
        assert found == {"", "/vendor", "/sign-in", "/ping/7", "/ping/7/7", "/oidc/begin", "/oidc/back"}

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
            await act(browser)

    asyncio.run(run())


def test_a_fault_of_the_page_is_told_without_its_innards() -> None:
    world = World(status={"at": None})

    async def run() -> None:
        app = make_app(Doors(world.facts(), lambda: HASH))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as browser:
            await sign_in(browser)
            answer = await browser.get("/")
            assert answer.status_code == 500 and "fault of its own (KeyError)" in answer.text
            assert "Traceback" not in answer.text and "content-security-policy" in answer.headers

    asyncio.run(run())
