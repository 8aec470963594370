"""What people ask for by a button: left with the keeper, which does it as a command would."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from outlive.model.observation import rfc3339
from outlive.web.answers import form, html, told, trouble
from outlive.web.house import House
from outlive.web.pages import has_asset
from outlive.web.tokens import ACT
from outlive.web.views.acting import ACTS
from outlive.web.views.asset import asset_view

MOST_NOTE = 2000


def routes(house: House) -> list[BaseRoute]:
    acts = _Acts(house)
    return [
        Route("/asset/{name}/restore", house.grave(acts.restore), methods=["POST"]),
        Route("/asset/{name}/{act}", house.inside(acts.act, ACT), methods=["POST"]),
        Route("/incident/{number:int}/acknowledge", house.inside(partial(acts.see_to, True), ACT), methods=["POST"]),
        Route("/incident/{number:int}/release", house.inside(partial(acts.see_to, False), ACT), methods=["POST"]),
        Route("/incident/{number:int}/note", house.inside(acts.note, ACT), methods=["POST"]),
    ]


class _Acts:
    def __init__(self, house: House) -> None:
        self._facts, self._wishes = house.facts, house.facts.wishes

    async def act(self, request: Request) -> Response:
        name, act = request.path_params["name"], request.path_params["act"]
        if act not in ACTS or not has_asset(await told(self._facts.status), name):
            return _nothing()
        asked_at = self._facts.now()
        await asyncio.to_thread(self._wishes.act, act, name)
        return RedirectResponse(f"/asset/{name}?asked={act}&at={rfc3339(asked_at)}", 303)

    async def restore(self, request: Request) -> Response:
        name, status = request.path_params["name"], await told(self._facts.status)
        if not has_asset(status, name):
            return _nothing()
        given = (await form(request)).get("at", "").strip()
        at = _moment(given)
        if (given and at is None) or (at is not None and at > self._facts.now()):
            view = asset_view(name, status, await told(partial(self._facts.copies, name)))
            why = f"{given} is no moment of the past. Write it as 2026-02-07T08:20:00, in UTC."
            return html("restore.html", 400, csrf=request.state.session.csrf, here="", view=view, why=why)
        await asyncio.to_thread(self._wishes.restore, name, at)
        return RedirectResponse(f"/asset/{name}#restores", 303)

    async def see_to(self, seen_to: bool, request: Request) -> Response:
        number = request.path_params["number"]
        if await told(partial(self._facts.incident, number)) is None:
            return _nothing()
        await asyncio.to_thread(self._wishes.acknowledge, number, seen_to, request.state.session.who)
        return RedirectResponse(f"/incident/{number}", 303)

    async def note(self, request: Request) -> Response:
        number, text = request.path_params["number"], (await form(request)).get("text", "").strip()
        if await told(partial(self._facts.incident, number)) is None:
            return _nothing()
        if text:
            await asyncio.to_thread(self._wishes.note, number, text[:MOST_NOTE], request.state.session.who)
        return RedirectResponse(f"/incident/{number}", 303)


def _moment(text: str) -> datetime | None:
    """As a form's time picker writes it: without a zone, which is UTC. None when it is no moment."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _nothing() -> Response:
    return trouble("There is nothing here.", "Everything begins at the first page.", 404)
