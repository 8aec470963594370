"""What is grave wants the password again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.web.world import ORIGIN, PASSWORD, World, csrf, sign_in, visit

RESTORE = "/asset/shop-db/restore"


def test_a_restore_wants_the_password_typed_a_moment_ago() -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        form = {"csrf": await csrf(browser), "at": "2026-02-07T02:00"}
        assert (await browser.get(RESTORE)).status_code == 200
        world.now += timedelta(minutes=6)
        for answer in (await browser.get(RESTORE), await browser.post(RESTORE, data=form)):
            assert answer.headers["location"] == f"/confirm?next={RESTORE}"
        assert world.wishes == []
        confirm = f"/confirm?next={RESTORE}"
        assert (await browser.get(confirm)).status_code == 200
        assert (await browser.post(confirm, data=form | {"password": "wrong"})).status_code == 401
        assert (await browser.post(confirm, data={"password": PASSWORD})).status_code == 403
        answer = await browser.post(confirm, data=form | {"password": PASSWORD})
        assert answer.headers["location"] == RESTORE
        assert (await browser.post(RESTORE, data=form)).status_code == 303
        assert world.wishes == [("restore", "shop-db", datetime(2026, 2, 7, 2, tzinfo=UTC))]

    visit(world, act)


def test_only_moments_of_the_past_are_restored() -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        token = await csrf(browser)
        for at in ("yesterday", "2030-01-01T00:00", "2026-02-07"):
            answer = await browser.post(RESTORE, data={"csrf": token, "at": at})
            assert answer.status_code == (303 if at == "2026-02-07" else 400)
        assert (await browser.post(RESTORE, data={"csrf": token, "at": ""})).status_code == 303
        assert [one[2] for one in world.wishes] == [datetime(2026, 2, 7, tzinfo=UTC), None]

    visit(world, act)


@pytest.mark.parametrize("way", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nX: y"])
def test_nobody_is_led_elsewhere(way: str) -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        form = {"csrf": await csrf(browser), "password": PASSWORD}
        answer = await browser.post("/confirm", params={"next": way}, data=form, headers={"Origin": ORIGIN})
        assert answer.headers["location"] == "/"

    visit(World(), act)


def test_wrong_passwords_are_counted_there_too() -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        form = {"csrf": await csrf(browser), "password": "wrong"}
        codes = [(await browser.post("/confirm", data=form)).status_code for _ in range(6)]
        assert codes == [401] * 5 + [429]

    visit(World(), act)
