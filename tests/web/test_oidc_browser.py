"""Signing in with a real OpenID Connect provider in a real Chromium: over two sites, with its forms, back again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from outlive.config.schema_people import OidcPerson, OidcSettings
from outlive.lab.ground.process import free_port
from outlive.transport.dns import Names
from outlive.transport.net import trust
from outlive.web.app import Doors, make_app
from outlive.web.oidc.door import OidcDoor
from outlive.web.oidc.provider import Provider
from outlive.web.server import PageServer
from tests.web.browser import chromium
from tests.web.world import HASH, World
from tests.world import oidc
from tests.world.need import need

pytestmark = pytest.mark.slow
__all__ = ["chromium"]
SECRET = "kept by both of them"


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def base(world: World) -> Iterator[str]:
    """The page at 127.0.0.1, the provider at localhost: to a browser these are two sites."""
    need("oidc", oidc.installed)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    client = {"client_id": "outlive", "client_secret": SECRET, "redirect_uris": [f"{url}/oidc/back"]}
    with oidc.provider(client) as issuer:
        people = (OidcPerson(group="on-call", may="act"), OidcPerson(email="rob@example.org"))
        scopes = ("openid", "email", "groups")
        settings = OidcSettings(issuer=issuer, client_id="outlive", url=url, people=people, scopes=scopes)
        door = OidcDoor(Provider(settings, lambda: SECRET, Names(), trust()), url, "the provider")
        facts = replace(world.facts(), now=lambda: datetime.now(UTC))
        server = PageServer(make_app(Doors(facts, lambda: HASH, oidc=door)), f"127.0.0.1:{port}", print)
        server.start()
        yield url
        server.stop()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def prove(page: Any, name: str) -> None:
    """On the provider's own forms; they may ask for consent."""
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("any")
    page.keyboard.press("Enter")


def consent(page: Any) -> None:
    page.get_by_role("button", name="Continue").click()


def test_ann_signs_in_and_has_to_do_so_anew_before_a_restore(page: Any, base: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if base in page.url else None)
    page.goto(f"{base}/sign-in")
    page.get_by_role("link", name="Sign in with the provider").click()
    prove(page, "ann")
    consent(page)
    page.wait_for_url(f"{base}/")
    assert page.locator("header").get_by_text("ann@example.org").is_visible()
    page.goto(f"{base}/asset/shop-db")
    page.get_by_role("link", name="Restore elsewhere").click()
    page.get_by_role("link", name="Sign in again with the provider").click()
    assert "localhost" in page.url, "it asks anew, though she is signed in there"
    prove(page, "ann")
    page.wait_for_url(re.compile(r"/asset/shop-db/restore$"))
    assert page.get_by_role("heading", level=1).is_visible()
    assert complaints == []


def test_rob_reads_and_eve_does_not_come_in(page: Any, base: str) -> None:
    page.goto(f"{base}/oidc/begin")
    prove(page, "rob")
    consent(page)
    page.wait_for_url(f"{base}/")
    page.goto(f"{base}/asset/shop-db")
    assert page.get_by_role("button", name="Back up now").count() == 0
    page.context.clear_cookies()
    page.goto(f"{base}/oidc/begin")
    prove(page, "eve")
    consent(page)
    page.get_by_text("eve@example.org, subject eve, is nobody").wait_for()
    page.goto(f"{base}/")
    assert page.url == f"{base}/sign-in"
