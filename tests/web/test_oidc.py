"""Signing in with an OpenID Connect provider that is honest, away, or lies; and what whoever comes in may do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from outlive.config.load import parse
from outlive.config.schema_people import OidcPerson
from outlive.web.app import COOKIE
from outlive.web.oidc.id_token import is_fresh
from outlive.wiring_page import oidc_door
from tests.config.test_alerts import HEAD
from tests.web.documents import NOW
from tests.web.provider import OTHER_KEY, PUBLISHED, Lying, by_secret, signed
from tests.web.world import ORIGIN, World, csrf, sign_in, visit

pytestmark = pytest.mark.slow

RESTORE = "/asset/shop-db/restore"
READER = OidcPerson(subject="1")


@pytest.fixture
def provider() -> Iterator[Lying]:
    with Lying() as provider:
        yield provider


@dataclass
class Asked:
    """What the browser carries to the provider."""

    url: str

    def __getitem__(self, name: str) -> str:
        return parse_qs(urlsplit(self.url).query).get(name, [""])[0]


async def begin(browser: httpx.AsyncClient, provider: Lying, path: str = "/oidc/begin") -> Asked:
    answer = await browser.get(path)
    assert answer.status_code == 303, answer.text
    assert "SameSite=lax" in answer.headers["set-cookie"] and "HttpOnly" in answer.headers["set-cookie"]
    asked = Asked(answer.headers["location"])
    provider.nonce = asked["nonce"]
    return asked


async def come_back(browser: httpx.AsyncClient, provider: Lying, path: str = "/oidc/begin") -> httpx.Response:
    asked = await begin(browser, provider, path)
    return await browser.get("/oidc/back", params={"code": "c", "state": asked["state"]})


def test_who_is_named_comes_in_and_acts_by_name(provider: Lying) -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        assert 'href="/oidc/begin"' in (await browser.get("/sign-in")).text
        asked = await begin(browser, provider)
        assert asked.url.startswith(f"{provider.issuer}/authorize?")
        assert asked["redirect_uri"] == f"{ORIGIN}/oidc/back" and asked["code_challenge_method"] == "S256"
        answer = await browser.get("/oidc/back", params={"code": "c/1", "state": asked["state"]})
        assert answer.status_code == 200 and 'content="0;url=/"' in answer.text
        assert "SameSite=strict" in answer.headers["set-cookie"]
        assert "ann@example.org" in (await browser.get("/")).text
        (token,) = [one for one in provider.asked if one[0] == "/token"]
        assert token[1].startswith("Basic ") and "code=c%2F1" in token[2] and "code_verifier=" in token[2]
        form = {"csrf": await csrf(browser)}
        assert (await browser.post("/asset/shop-db/drill", data=form)).status_code == 303
        await browser.post("/incident/7/acknowledge", data=form)
        assert world.wishes == [("drill", "shop-db"), ("acknowledge", 7, True, "ann@example.org")]
        await browser.post("/sign-out", data=form)
        assert (await browser.get("/")).status_code == 303

    visit(world, act, oidc=provider.door())


LIES: dict[str, dict[str, Any]] = {
    "issuer": {"claims": {"iss": "https://other.example.org"}},
    "audience": {"claims": {"aud": "another-client"}},
    "for another, asked for by us": {"claims": {"aud": "x", "azp": "outlive"}},
    "two audiences and another's": {"claims": {"aud": ["outlive", "x"], "azp": "x"}},
    "expired": {"claims": {"exp": int((NOW - timedelta(minutes=5)).timestamp())}},
    "no expiry": {"claims": {"exp": None}},
    "from the future": {"claims": {"iat": int((NOW + timedelta(hours=1)).timestamp())}},
    "another sign-in's": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "no subject": {"claims": {"sub": None}},
    "a subject that is no text": {"claims": {"sub": ["1"]}},
    "not signed": {"sign": lambda claims: signed(claims, None, "none")},
    "signed by anybody": {"sign": lambda claims: signed(claims, OTHER_KEY)},
    "signed with the public key": {"sign": by_secret},
    "signed with a secret that it publishes": {
        "sign": lambda claims: signed(claims, PUBLISHED, "HS256"),
        "answers": {"/jwks": (200, {"keys": [PUBLISHED.as_dict(private=True)]})},
    },
    "another access token's": {"claims": {"at_hash": "x"}},
    "no token": {"answers": {"/token": (200, {"access_token": "x"})}},
    "rubbish": {"answers": {"/token": (200, {"id_token": "a.b.c"})}},
    "a list": {"answers": {"/token": (200, ["x"])}},
    "no json": {"answers": {"/token": (200, "<html>")}},
    "out of order": {"answers": {"/token": (500, {})}},
    "another secret": {"answers": {"/token": (401, {"error": "invalid_client"})}},
    "leads elsewhere": {"answers": {"/token": (302, {})}},
    "no keys": {"answers": {"/jwks": (200, {"keys": []})}},
    "keys that are none": {"answers": {"/jwks": (200, {"keys": [{"kty": "EC", "crv": "P-256", "x": 1}, 7]})}},
    "no key set": {"answers": {"/jwks": (200, [])}},
    "no such key set": {"answers": {"/jwks": (404, {})}},
    "hangs": {"hangs_at": "/token"},
    "not verified": {"claims": {"email_verified": False}},
    "verified by words": {"claims": {"email_verified": "true"}},
    "a stranger": {"claims": {"email": "eve@example.org"}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_opens_nothing_and_the_password_still_does(lie: str) -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        answer = await come_back(browser, provider)
        assert answer.status_code in (403, 503), answer.text
        assert "signed in" in answer.text or "names." in answer.text
        assert COOKIE not in browser.cookies and (await browser.get("/")).status_code == 303
        assert (await sign_in(browser)).status_code == 303
        assert (await browser.get("/")).status_code == 200

    with Lying(**LIES[lie]) as provider:
        visit(World(), act, oidc=provider.door(patience_seconds=0.3 if lie == "hangs" else 20.0))


DISCOVERIES = (
    ({"issuer": "https://other.example.org"}, "another issuer"),
    ({"jwks_uri": None}, "no usable jwks_uri"),
    ({"token_endpoint": "file:///etc/passwd"}, "no usable token_endpoint"),
    ({"authorization_endpoint": "javascript:alert(1)"}, "no usable authorization_endpoint"),
)


@pytest.mark.parametrize(("lie", "why"), DISCOVERIES)
def test_a_provider_that_describes_itself_wrongly_is_not_gone_to(
    lie: dict[str, Any], why: str, provider: Lying
) -> None:
    place = "/.well-known/openid-configuration"
    provider.answers[place] = (200, provider.answer(place)[1] | lie)

    async def act(browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/oidc/begin")
        assert answer.status_code == 503 and why in answer.text and "local password" in answer.text

    visit(World(), act, oidc=provider.door())


def test_a_provider_that_is_away_is_said() -> None:
    with Lying() as provider:
        door = provider.door()

    async def act(browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/oidc/begin")
        assert answer.status_code == 503 and "local password" in answer.text
        assert (await sign_in(browser)).status_code == 303

    visit(World(), act, oidc=door)


def test_a_state_is_good_once_soon_and_in_one_browser(provider: Lying) -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        params = {"code": "c", "state": (await begin(browser, provider))["state"]}
        mine = dict(browser.cookies)
        browser.cookies.clear()
        assert (await browser.get("/oidc/back", params=params)).status_code == 403, "another browser"
        browser.cookies.update(mine)
        assert (await browser.get("/oidc/back", params=params)).status_code == 200
        browser.cookies.clear()
        browser.cookies.update(mine)
        assert (await browser.get("/oidc/back", params=params)).status_code == 403, "again"
        late = {"code": "c", "state": (await begin(browser, provider))["state"]}
        world.now += timedelta(minutes=11)
        assert (await browser.get("/oidc/back", params=late)).status_code == 403, "late"
        await begin(browser, provider)
        for guessed in ({"code": "c"}, {"code": "c", "state": "x"}, {}):
            assert (await browser.get("/oidc/back", params=guessed)).status_code == 403
        assert len([one for one in provider.asked if one[0] == "/token"]) == 1

    visit(world, act, oidc=provider.door())


def test_a_sign_in_that_was_cancelled_says_so_and_repeats_no_words(provider: Lying) -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        state = (await begin(browser, provider))["state"]
        params = {"error": "access_denied", "error_description": "call 0800", "state": state}
        answer = await browser.get("/oidc/back", params=params)
        assert answer.status_code == 403 and "cancelled" in answer.text and "0800" not in answer.text

    visit(World(), act, oidc=provider.door())


@pytest.mark.parametrize(
    ("person", "claims", "comes"),
    [
        (OidcPerson(subject="1"), {}, True),
        (OidcPerson(subject="2"), {}, False),
        (OidcPerson(group="on-call"), {"groups": ["staff", "on-call"]}, True),
        (OidcPerson(group="on-call"), {"groups": "on-call"}, False),
        (OidcPerson(group="on-call"), {"groups": [1, None]}, False),
        (OidcPerson(email="ann@example.org"), {"email": 7}, False),
    ],
)
def test_a_person_is_known_by_subject_email_or_group(
    person: OidcPerson, claims: dict[str, Any], comes: bool, provider: Lying
) -> None:
    provider.claims = claims

    async def act(browser: httpx.AsyncClient) -> None:
        assert (await come_back(browser, provider)).status_code == (200 if comes else 403)

    visit(World(), act, oidc=provider.door(person))


def test_what_the_token_does_not_tell_is_asked_for_and_only_of_the_same_person(provider: Lying) -> None:
    provider.claims = {"email": None, "email_verified": None}

    async def act(browser: httpx.AsyncClient) -> None:
        for subject, code in (("2", 403), ("1", 200)):
            provider.userinfo = {"sub": subject, "email": "ann@example.org", "email_verified": True}
            assert (await come_back(browser, provider)).status_code == code
        assert ("/userinfo", "Bearer x", "") in provider.asked

    visit(World(), act, oidc=provider.door())


def test_who_may_read_may_not_act(provider: Lying) -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        await come_back(browser, provider)
        form = {"csrf": await csrf(browser), "at": "", "text": "x"}
        assert "Back up now" not in (await browser.get("/asset/shop-db")).text
        assert "I see to it" not in (await browser.get("/incident/7")).text
        for path in ("/asset/shop-db/backup", RESTORE, "/incident/7/acknowledge", "/incident/7/note"):
            answer = await browser.post(path, data=form)
            assert answer.status_code == 403 and "may read, not act" in answer.text, path
        assert (await browser.get(RESTORE)).status_code == 403
        answer = await browser.post("/api/assets/shop-db/drill", headers={"X-CSRF-Token": form["csrf"]})
        assert answer.status_code == 403
        assert (await browser.get("/api/status")).status_code == 200
        assert world.wishes == []

    visit(world, act, oidc=provider.door(READER))


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"auth_time": None}, "anew"),
        ({"auth_time": int((NOW - timedelta(hours=1)).timestamp())}, "anew"),
        ({"auth_time": True}, "anew"),
        ({"auth_time": "now"}, "auth_time"),
        ({"auth_time": int(NOW.timestamp()), "sub": "2"}, "somebody else"),
        ({"auth_time": int(NOW.timestamp())}, ""),
    ],
)
def test_what_is_grave_wants_a_sign_in_anew(claims: dict[str, Any], why: str, provider: Lying) -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        await come_back(browser, provider)
        form = {"csrf": await csrf(browser), "at": ""}
        for answer in (await browser.get(RESTORE), await browser.post(RESTORE, data=form)):
            assert answer.headers["location"] == f"/confirm?next={RESTORE}"
        again = f"/oidc/again?next={RESTORE}"
        assert again in (await browser.get(f"/confirm?next={RESTORE}")).text
        provider.claims = claims
        asked = await begin(browser, provider, again)
        assert (asked["prompt"], asked["max_age"]) == ("login", "0")
        answer = await browser.get("/oidc/back", params={"code": "c", "state": asked["state"]})
        assert why in answer.text and answer.status_code == (403 if why else 200)
        assert (await browser.get(RESTORE)).status_code == (303 if why else 200)
        assert (await browser.post(RESTORE, data=form)).headers["location"].startswith("/confirm" if why else "/asset")
        assert len(world.wishes) == (0 if why else 1)

    visit(world, act, oidc=provider.door())


def test_begun_under_another_name_it_goes_to_where_it_comes_back(provider: Lying) -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/oidc/begin", headers={"Host": "localhost:8722"})
        assert answer.headers["location"] == f"{ORIGIN}/oidc/begin"
        assert (await browser.get("/oidc/again")).headers["location"] == "/sign-in"
        await sign_in(browser)
        answer = await browser.get("/oidc/again?next=//evil.example")
        assert answer.headers["location"] == "/confirm?next=/", "who typed the password types it again"

    visit(World(), act, oidc=replace(provider.door(), url=ORIGIN))


def test_off_there_is_no_way_to_it() -> None:
    async def act(browser: httpx.AsyncClient) -> None:
        assert "oidc" not in (await browser.get("/sign-in")).text
        for path in ("/oidc/begin", "/oidc/back", "/oidc/again"):
            assert (await browser.get(path)).headers["location"] == "/sign-in"

    visit(World(), act)


def test_a_time_that_is_none_is_not_fresh() -> None:
    assert is_fresh({"auth_time": NOW.timestamp()}, NOW) and not is_fresh({}, NOW)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_keeper_opens_that_door_only_when_it_is_told_to(enabled: bool, tmp_path: Path) -> None:
    lines = f'[page.oidc]\nissuer = "https://login.example.org/realm/"\nclient_id = "x"\nurl = "{ORIGIN}"\n'
    settings = parse(f"{HEAD}{lines}enabled = {str(enabled).lower()}\n", tmp_path / "outlive.toml")
    door = oidc_door(settings, print)
    assert (door.label if door else "") == ("login.example.org/realm" if enabled else "")
