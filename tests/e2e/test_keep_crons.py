"""A cron job tells a real keeper how it went, over HTTP, and people hear of it."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from outlive.lab.ground.process import free_port
from tests.cli.home import environment
from tests.e2e.test_keep import Keep, make

pytestmark = pytest.mark.slow
__all__ = ["make"]
ID = "3f0c5cf0-7e5e-4b5e-9d5e-1f3c5cf07e5e"


def test_a_cron_job_that_fails_is_told_until_it_succeeds(make: Callable[..., Keep]) -> None:
    port = free_port()
    cron = '[[crons]]\nname = "report"\nid = { env = "CRON" }\nevery_seconds = 86400\n'
    keep = make(more=f'{cron}[page]\nlisten = "127.0.0.1:{port}"\n', env={"CRON": ID})
    words = [sys.executable, "-m", "outlive", "page", "--config", str(keep.config)]
    subprocess.run(words, input="four random words here\n", text=True, check=True, env=environment({}), timeout=60)
    keep.start()
    keep.until(lambda: keep.heard("the page is at"), "the page")

    def ping(path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping/{path}", timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def stands() -> str:
        (one,) = keep.json("status", "--no-look")["crons"]
        return str(one["state"])

    assert stands() == "new"
    assert (ping(f"{ID}/3"), ping("another-id-than-this-one"), ping(f"{ID}/stop")) == (200, 404, 400)
    assert stands() == "down"
    keep.until(lambda: keep.heard("cron job report: it says itself that it failed (exit status 3)"), "an incident")
    status = keep.call("status", "--no-look")
    assert status.returncode == 1 and "cron job report: it says itself that it failed" in status.stdout
    assert ping(ID) == 200
    assert stands() == "up"
    keep.until(lambda: keep.heard("is over: cron job report"), "its end")
    assert ID not in keep.log
