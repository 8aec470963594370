"""The page of a real keeper: an act is asked for by a token, a listener hears of it, every view shows what came of it, and
a restore that was asked for lies in a folder of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from outlive.lab.ground.process import free_port
from tests.cli.home import environment
from tests.e2e.test_keep import Keep, make

pytestmark = pytest.mark.slow
__all__ = ["make"]
PASSWORD = "four random words here"
CEILING_SECONDS = 120.0
VIEWS = (
    *("/", "/host/here", "/asset/files", "/asset/files/restore", "/incidents", "/recoveries", "/vault", "/settings"),
    "/public",
)


def command(config: Path, *words: str, said: str = "") -> str:
    line = [sys.executable, "-m", "outlive", *words, "--config", str(config)]
    done = subprocess.run(
        line, input=said, text=True, check=True, capture_output=True, env=environment({}), timeout=CEILING_SECONDS
    )
    return done.stdout


def until(look: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + CEILING_SECONDS
    while not look():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def heard(lines: Iterator[str], wanted: str) -> None:
    assert any(line == wanted for line in lines), wanted


def test_what_is_asked_for_on_the_page_is_done_and_seen_there(make: Callable[..., Keep]) -> None:
    port = free_port()
    keep = make(more=f'[page]\nlisten = "127.0.0.1:{port}"\npublic = true\n')
    command(keep.config, "page", said=f"{PASSWORD}\n")
    token = command(keep.config, "token", "make", "ci", "--scope", "act").splitlines()[-1]
    keep.start()
    keep.until(lambda: keep.heard("the page is at"), "the page")
    by = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=CEILING_SECONDS) as browser:
        until(lambda: browser.get("/api/copies/files", headers=by).json()["drills"] != [], "a first copy, proven")
        browser.post("/sign-in", data={"password": PASSWORD})
        found = re.search(r'name="csrf" value="([^"]+)"', browser.get("/").text)
        assert found
        with browser.stream("GET", "/live") as answer:
            lines = answer.iter_lines()
            heard(lines, "event: still")
            assert browser.post("/api/assets/files/verify", headers=by).status_code == 202
            heard(lines, "event: news")
        until(lambda: "last ended" in browser.get("/asset/files").text, "the end of it, on the page")
        browser.post("/asset/files/restore", data={"csrf": found[1], "at": ""})
        until(lambda: "done, to " in browser.get("/asset/files").text, "a restore")
        for view in VIEWS:
            assert browser.get(view).status_code == 200, view
        assert browser.get("/api/vault", headers=by).json()["assets"][0]["copies"] == 1
        command(keep.config, "token", "revoke", "ci")
    assert httpx.get(f"http://127.0.0.1:{port}/api/status", headers=by, trust_env=False).status_code == 401
    (restored,) = (keep.config.parent / "state" / "restored").iterdir()
    (file,) = restored.rglob("file")
    assert file.read_text() == "what must not be lost\n"
    assert token not in keep.log and PASSWORD not in keep.log
