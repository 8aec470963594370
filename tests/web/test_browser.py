"""The page in a real Chromium, on a real socket: no console error, nothing wider than a phone, no script needed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.web.app import Doors, make_app
from outlive.web.server import PageServer
from tests.web.world import HASH, World

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no chromium here (Debian: chromium)")]


@pytest.fixture
def address() -> Iterator[str]:
    said: list[str] = []
    server = PageServer(make_app(Doors(World().facts(), lambda: HASH)), "127.0.0.1:0", said.append)
    server.start()
    yield f"http://{server.address}"
    server.stop()


def test_the_sign_in_is_drawn_without_a_complaint(address: str, tmp_path: Path) -> None:
    words = (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--window-size=500,800"),
        *(f"--user-data-dir={tmp_path}", f"--screenshot={tmp_path / 'page.png'}", f"{address}/sign-in"),
    )
    done = subprocess.run([str(CHROMIUM), *words], capture_output=True, text=True, timeout=120, check=True)
    assert re.findall(r":CONSOLE.*", done.stderr) == []
    assert (tmp_path / "page.png").stat().st_size > 1000
