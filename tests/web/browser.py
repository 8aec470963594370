"""Debian's Chromium, driven by Playwright; a fixture that modules import."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.world import packages
from tests.world.need import need


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    need("browser", packages.for_browser)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()
