"""Tokens for programs: as their maker keeps them, and as an outsider would try."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from outlive.errors import ConfigError, UsageError
from outlive.web.tokens import ACT, READ, bearer, make, read, write
from tests.web.documents import NOW
from tests.web.world import World, csrf, sign_in, visit

READER, READS = make("dashboard", [READ], NOW)
ACTOR, ACTS = make("ci", [ACT], NOW)
KNOWN = (READER, ACTOR)


def by(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_only_a_digest_is_kept_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "page" / "tokens.json"
    assert read(path) == ()
    write(path, KNOWN)
    assert read(path) == KNOWN
    assert READS not in path.read_text() and path.stat().st_mode & 0o777 == 0o600
    path.write_text("{")
    with pytest.raises(ConfigError):
        read(path)


def test_whoever_may_act_may_read() -> None:
    assert (READER.scopes, ACTOR.scopes) == ((READ,), (READ, ACT))
    for name, scopes in (("Not a name", [READ]), ("ci", ["everything"])):
        with pytest.raises(UsageError):
            make(name, scopes, NOW)


def test_nothing_else_is_a_token() -> None:
    for header in ("", "Bearer", "Bearer ", f"Basic {READS}", f"Bearer {READER.digest}", READS):
        assert bearer(header, KNOWN) is None
    assert bearer(f"bearer {READS}", KNOWN) is READER


def test_a_token_opens_what_its_scope_says_and_no_page() -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        assert (await browser.get("/api/status", headers=by(READS))).status_code == 200
        for path in ("/", "/asset/shop-db", "/live", "/settings"):
            assert (await browser.get(path, headers=by(ACTS))).status_code == 303
        for secret, code in ((READS, 403), ("outlive_guess", 401), ("", 401)):
            answer = await browser.post("/api/assets/shop-db/drill", headers=by(secret))
            assert answer.status_code == code and "error" in answer.json()
        assert world.wishes == []
        answer = await browser.post("/api/assets/shop-db/drill", headers=by(ACTS))
        assert answer.status_code == 202 and answer.json()["asked_at"] == "2026-02-07T03:00:00Z"
        for path in ("/api/assets/shop-db/restore", "/api/assets/shop-db/prune", "/api/assets/other/drill"):
            assert (await browser.post(path, headers=by(ACTS))).status_code == 404
        assert world.wishes == [("drill", "shop-db")]

    visit(world, act, tokens=KNOWN)


def test_incidents_are_seen_to_and_noted() -> None:
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        for path in ("/api/incidents/7/acknowledge", "/api/incidents/7/release"):
            assert (await browser.post(path, headers=by(ACTS))).status_code == 200
        for body, code in (({"text": "x"}, 201), ({"text": ""}, 400), ({"text": 1}, 400), ([], 400)):
            assert (await browser.post("/api/incidents/7/notes", json=body, headers=by(ACTS))).status_code == code
        for number in ("8", "99999999999999999999", "-1", "x"):
            answer = await browser.post(f"/api/incidents/{number}/acknowledge", headers=by(ACTS))
            assert answer.status_code in (404, 405)
        assert world.wishes == [
            ("acknowledge", 7, True, "token ci"),
            ("acknowledge", 7, False, "token ci"),
            ("note", 7, "x", "token ci"),
        ]

    visit(world, act, tokens=KNOWN)


def test_a_session_acts_by_the_api_only_with_its_own_word() -> None:
    """A page elsewhere could have the browser send its cookie."""
    world = World()

    async def act(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        token = await csrf(browser)
        for headers, code in (({}, 403), ({"X-CSRF-Token": "x"}, 403), ({"X-CSRF-Token": token}, 202)):
            assert (await browser.post("/api/assets/shop-db/drill", headers=headers)).status_code == code
        headers = {"X-CSRF-Token": token, "Origin": "https://evil.example"}
        answer = await browser.post("/api/assets/shop-db/drill", headers=headers)
        assert answer.status_code == 403 and "another site" in answer.json()["error"]

    visit(world, act)
    assert len(world.wishes) == 1


@pytest.mark.slow
def test_the_api_keeps_what_it_says_whatever_it_is_asked() -> None:
    """Schemathesis makes up requests from the OpenAPI document, and compares each answer with it."""
    import schemathesis
    from hypothesis import HealthCheck, given, settings

    from outlive.web.app import Doors, make_app
    from outlive.web.openapi import described

    app = make_app(Doors(World().facts(), lambda: "", ("testserver",), lambda: KNOWN))
    schema = schemathesis.openapi.from_dict(described())
    schema.app = app
    for operation in schema.get_all_operations():
        strategy: Any = operation.ok().as_strategy()

        @given(case=strategy)
        @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def asked(case: Any) -> None:
            answer = case.call(headers=by(ACTS) | {"Host": "127.0.0.1"}, base_url="http://127.0.0.1")
            case.validate_response(answer)

        asked()
