"""`/metrics` is read with a token, and by nobody else."""

from __future__ import annotations

import httpx

from outlive.web.tokens import make
from tests.web.documents import NOW
from tests.web.world import World, visit


def test_with_a_token_and_not_without() -> None:
    token, secret = make("prometheus", ["read"], NOW)

    async def act(browser: httpx.AsyncClient) -> None:
        assert (await browser.get("/metrics")).status_code == 401
        assert (await browser.get("/metrics", headers={"Authorization": "Bearer outlive_made-up"})).status_code == 401
        answer = await browser.get("/metrics", headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.text) == (200, "outlive_blind 0\n# EOF\n")
        assert answer.headers["content-type"].startswith("application/openmetrics-text")

    visit(World(), act, tokens=(token,))
