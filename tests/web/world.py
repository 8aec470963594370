"""What the page is told in tests, to be changed by each, and a browser that asks it without a socket."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from argon2 import PasswordHasher

from outlive.errors import VaultUnreachable
from outlive.web.app import Doors, make_app
from outlive.web.facts import Facts, Wishes
from outlive.web.oidc.door import OidcDoor
from outlive.web.tokens import Token
from tests.web import documents
from tests.web.documents import NOW

PASSWORD = "four random words here"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
ORIGIN = "http://127.0.0.1:8722"


@dataclass
class World:
    now: datetime = NOW
    status: dict[str, Any] = field(default_factory=documents.status)
    incidents: list[dict[str, Any]] = field(default_factory=lambda: [documents.incident()])
    answers: list[dict[str, Any]] = field(default_factory=lambda: [documents.check()])
    running: dict[str, datetime] = field(default_factory=dict)
    fails: bool = False
    pulse: int = 0
    wishes: list[tuple[Any, ...]] = field(default_factory=list)

    def facts(self) -> Facts:
        return Facts(
            status=self._status,
            metrics=lambda: "outlive_blind 0\n# EOF\n",
            copies=self.copies,
            hosts=self.hosts,
            answers=lambda host: self.answers,
            hours=lambda subject, check: documents.hours(check),
            seen=lambda host: documents.seen(),
            incidents=lambda: self.incidents,
            incident=lambda number: next((one for one in self.incidents if one["id"] == number), None),
            report=lambda number: (
                f"# Incident {number}\n\n| a | b |\n| - | - |\n| <script>x</script> | [l](http://evil) |\n"
            ),
            recoveries=lambda: [documents.recovery()],
            vault=documents.vault,
            settings=lambda: [("vault", [("url", "s3://copies/shop"), ("secret_key", "in the environment: KEY")])],
            running=lambda: self.running,
            outcomes=dict,
            restores=lambda asset: [{"at": NOW, "status": "running", "to": "/keeper/restored/1", "said": ""}],
            pulse=lambda: self.pulse,
            now=lambda: self.now,
            wishes=Wishes(
                act=lambda *words: self.wishes.append(words),
                restore=lambda *words: self.wishes.append(("restore", *words)),
                acknowledge=lambda *words: self.wishes.append(("acknowledge", *words)),
                note=lambda *words: self.wishes.append(("note", *words)),
            ),
        )

    def copies(self, asset: str) -> dict[str, Any]:
        return documents.copies()

    def hosts(self) -> dict[str, Any]:
        return {"web-1": documents.known()}

    def _status(self) -> dict[str, Any]:
        if self.fails:
            raise VaultUnreachable("it hangs.")
        return self.status


Visit = Callable[[httpx.AsyncClient], Awaitable[None]]


def visit(
    world: World,
    act: Visit,
    names: tuple[str, ...] = (),
    tokens: tuple[Token, ...] = (),
    is_public: bool = False,
    oidc: OidcDoor | None = None,
) -> None:
    async def run() -> None:
        app = make_app(Doors(world.facts(), lambda: HASH, names, lambda: tokens, is_public, oidc=oidc))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
            await act(browser)

    asyncio.run(run())


async def sign_in(browser: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/sign-in", data={"password": password}, headers={"Origin": ORIGIN})


async def csrf(browser: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/")).text)
    assert found
    return found[1]
