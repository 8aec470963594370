"""The page in a real Chromium, on a real socket, in a world of its real size: no console error, no serious finding of
axe-core in light and dark, nothing wider than a phone, all of it by keyboard, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from outlive.web.app import Doors, make_app
from outlive.web.server import PageServer
from tests.web.browser import DESK, PHONE, Visit, chromium
from tests.web.crowd import Crowd
from tests.web.world import HASH, PASSWORD

pytestmark = pytest.mark.slow
__all__ = ["chromium"]
VIEWS = (
    *("/", "/host/host-0", "/asset/asset-0", "/asset/asset-0/restore", "/incidents", "/incident/39"),
    *("/incident/39/report", "/recoveries", "/vault", "/settings", "/nothing", "/public"),
)


class Guest(Visit):
    """Knows the world that it sees."""

    def __init__(self, page: Any, base: str, world: Crowd) -> None:
        super().__init__(page, base)
        self.world = world


@pytest.fixture(scope="module")
def world() -> Crowd:
    return Crowd()


@pytest.fixture(scope="module")
def base(world: Crowd) -> Iterator[str]:
    server = PageServer(make_app(Doors(world.facts(), lambda: HASH, is_public=True)), "127.0.0.1:0", lambda words: None)
    server.start()
    yield f"http://{server.address}"
    server.stop()


@pytest.fixture(scope="module")
def signed_in(chromium: Any, base: str) -> Any:
    """What the browser keeps of a sign-in."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{base}/sign-in")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def visit(chromium: Any, signed_in: Any, base: str, world: Crowd) -> Iterator[Guest]:
    context = chromium.new_context(storage_state=signed_in, viewport=DESK)
    yield Guest(context.new_page(), base, world)
    context.close()


def test_every_view_is_clean_light_and_dark_and_fits_a_phone(visit: Guest) -> None:
    for path in VIEWS:
        visit.go(path)
        assert visit.page.evaluate("document.documentElement.lang") == "en", path
        assert visit.serious_findings() == [], path
        visit.page.set_viewport_size(PHONE)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        visit.page.set_viewport_size(DESK)
    assert [one for one in visit.complaints if "404" not in one] == []  # /nothing is not there


def test_charts_are_drawn_and_the_same_stands_in_a_table(visit: Guest) -> None:
    visit.go("/asset/asset-0")
    charts = visit.page.locator(".chart canvas")
    charts.first.wait_for()
    assert charts.count() == visit.page.locator("figure").count() == 2
    assert visit.page.locator("figure table tbody tr").count() > 10
    assert visit.complaints == []


def test_an_event_reaches_the_open_page_and_disturbs_nobody_at_work(visit: Guest) -> None:
    visit.go("/incident/39")
    visit.page.get_by_text("live", exact=True).wait_for()
    visit.page.get_by_label("What you saw").fill("I was wri")
    visit.world.incidents[0]["what"] = "host-0: it answers again"
    visit.world.pulse += 1
    visit.page.get_by_role("heading", name="it answers again").wait_for()
    assert visit.page.get_by_label("What you saw").input_value() == "I was wri"
    assert visit.page.evaluate("document.activeElement.id") == "text"
    assert visit.complaints == []


def test_an_act_is_asked_for_by_keyboard_and_its_progress_survives_a_reload(visit: Guest) -> None:
    visit.go("/asset/asset-1")
    visit.page.get_by_role("button", name="Drill now").focus()
    visit.page.keyboard.press("Enter")
    visit.page.get_by_text("Asked for: drill").wait_for()
    assert ("drill", "asset-1") in visit.world.wishes
    visit.world.running["drill:asset-1"] = visit.world.now
    visit.world.pulse += 1
    visit.page.get_by_text("At work: drill").wait_for()
    visit.page.reload()
    visit.page.get_by_text("At work: drill").wait_for()
    visit.world.running.clear()
    assert visit.complaints == []


def test_all_is_reached_by_tab(visit: Guest) -> None:
    visit.go("/")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "To the content"
    for _ in range(5):
        visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Settings"
    outline = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_everything_reads_without_scripts(chromium: Any, signed_in: Any, base: str, world: Crowd) -> None:
    context = chromium.new_context(storage_state=signed_in, java_script_enabled=False)
    page = context.new_page()
    for path in VIEWS:
        page.goto(base + path)
        assert page.locator("main h1").count() >= 1, path
    page.goto(f"{base}/asset/asset-2")
    page.get_by_role("button", name="Verify now").click()
    page.get_by_text("Asked for: verify").wait_for()
    assert ("verify", "asset-2") in world.wishes
    context.close()
