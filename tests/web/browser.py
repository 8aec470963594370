"""Debian's Chromium, driven by Playwright: a fixture that modules import, and somebody who looks at the page with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.world import packages
from tests.world.need import need

PATIENCE_MS = 60_000
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1100, "height": 900}


class Visit:
    """A browser at the page, and what it complained of."""

    def __init__(self, page: Any, base: str) -> None:
        self.page, self.base = page, base
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.set_default_timeout(PATIENCE_MS)

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def sign_in(self, password: str) -> None:
        self.go("/sign-in")
        self.page.get_by_label("Password").fill(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.base}/")

    def serious_findings(self) -> list[tuple[str, str]]:
        """Of axe-core, in light and dark: which, and in what."""
        self.page.evaluate(_axe())
        serious = []
        for scheme, rules in (("light", "{}"), ("dark", "{runOnly: ['color-contrast']}")):
            self.page.emulate_media(color_scheme=scheme)
            found = self.page.evaluate(f"axe.run(document, {rules})")
            assert found["testEngine"]["name"] == "axe-core"
            for one in found["violations"]:
                if one["impact"] in ("serious", "critical"):
                    serious.append((scheme, f"{one['id']}: {one['nodes'][0]['html']}"))
        return serious

    def picture(self, folder: Path, path: str) -> None:
        """The whole of the view that is shown, light, dark and on a phone."""
        name = path.strip("/").replace("/", "-") or "now"
        for kind, scheme, size in (("light", "light", DESK), ("dark", "dark", DESK), ("phone", "light", PHONE)):
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size(size)
            self.page.screenshot(path=folder / f"{name}-{kind}.png", full_page=True)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        self.page.set_viewport_size(DESK)


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def browsing() -> Iterator[Any]:
    """A browser. Playwright keeps an event loop in this thread meanwhile: nobody else may run one."""
    need("browser", packages.for_browser)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browsing() as browser:
        yield browser
