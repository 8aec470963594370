"""What everybody may see: nothing, unless it was wanted; then no more than how the hosts are."""

from __future__ import annotations

import httpx

from tests.web.documents import host, status
from tests.web.world import World, visit

WORLD = World(status=status(hosts=[host(verdict="machine_replaced", because=["203.0.113.9 has another key"])]))


def test_it_is_not_there_by_default() -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        assert (await browser.get("/public")).headers["location"] == "/sign-in"

    visit(WORLD, act)


def test_no_reason_no_address_no_asset() -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        text = (await browser.get("/public")).text
        assert "web-1" in text and "DISTURBED" in text
        for secret in ("203.0.113", "machine_replaced", "shop-db", "same_machine", "csrf", "<script"):
            assert secret not in text
        assert (await browser.get("/")).status_code == 303

    visit(WORLD, act, is_public=True)
