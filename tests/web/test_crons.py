"""`/ping/<id>`, as Healthchecks' clients use it, and as somebody who guesses does."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from outlive.model.cron import Signal, digest
from outlive.state.errors import StateUnreachable
from outlive.web.app import Doors, make_app
from outlive.web.house import CronDoor
from tests.web.world import World

ID = "3f0c5cf0-7e5e-4b5e-9d5e-1f3c5cf07e5e"
Heard = list[tuple[str, Signal, int | None]]


def ask(method: str, path: str, heard: Heard, *, fails: bool = False, host: str = "127.0.0.1:8722") -> httpx.Response:
    def hear(name: str, signal: Signal, status: int | None) -> None:
        if fails:
            raise StateUnreachable("it hangs.")
        heard.append((name, signal, status))

    async def run() -> httpx.Response:
        door = CronDoor({digest(ID): "report"}, hear)
        app = make_app(Doors(World().facts(), lambda: "", ("keeper.example.org",), crons=door))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{host}") as client:
            return await client.request(method, path, content=b"what it printed" if method == "POST" else None)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", (Signal.SUCCESS, None)),
        ("?rid=1", (Signal.SUCCESS, None)),
        ("/start", (Signal.START, None)),
        ("/fail", (Signal.FAIL, None)),
        ("/log", (Signal.LOG, None)),
        ("/0", (Signal.SUCCESS, 0)),
        ("/3", (Signal.FAIL, 3)),
        ("/255", (Signal.FAIL, 255)),
    ],
)
def test_what_a_job_says(path: str, said: tuple[Signal, int | None]) -> None:
    for method in ("GET", "HEAD", "POST"):
        heard: Heard = []
        answer = ask(method, f"/ping/{ID}{path}", heard)
        assert (answer.status_code, heard) == (200, [("report", *said)])
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/ping/{ID[:-1]}0", 404),
        ("/ping/", 303),
        (f"/ping/{ID}/256", 400),
        (f"/ping/{ID}/stop", 400),
        (f"/ping/{ID}/²", 400),
    ],
)
def test_what_is_no_ping_is_not_noted(path: str, status: int) -> None:
    heard: Heard = []
    assert (ask("GET", path, heard).status_code, heard) == (status, [])


def test_only_under_our_names() -> None:
    heard: Heard = []
    assert ask("GET", f"/ping/{ID}", heard, host="elsewhere.example.com").status_code == 421
    assert ask("GET", f"/ping/{ID}", heard, host="keeper.example.org").status_code == 200
    assert len(heard) == 1


def test_what_could_not_be_noted_is_no_success() -> None:
    """curl -f then fails, and tries again."""
    assert ask("GET", f"/ping/{ID}", [], fails=True).status_code == 503
