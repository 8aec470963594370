"""The same for programs: JSON, for tokens and for who is signed in. What there is stands in `openapi.py`."""

from __future__ import annotations

import asyncio
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from outlive.web.acts import MOST_NOTE
from outlive.web.answers import as_json, document, told
from outlive.web.house import House
from outlive.web.openapi import described
from outlive.web.pages import has_asset
from outlive.web.tokens import ACT
from outlive.web.views.acting import ACTS

MOST_NUMBER = 2**31  # incidents are counted, and databases count no further


def routes(house: House) -> list[BaseRoute]:
    api = _Api(house)
    to_act = partial(house.api, scope=ACT)
    return [
        Route("/api/openapi.json", house.api(api.openapi)),
        Route("/api/status", house.api(api.status)),
        Route("/api/copies/{asset}", house.api(api.copies)),
        Route("/api/hosts/{host}", house.api(api.host)),
        Route("/api/incidents", house.api(api.incidents)),
        Route("/api/incidents/{number:int}", house.api(api.incident)),
        Route("/api/vault", house.api(api.vault)),
        Route("/api/assets/{asset}/{act}", to_act(api.act), methods=["POST"]),
        Route("/api/incidents/{number:int}/acknowledge", to_act(partial(api.see_to, True)), methods=["POST"]),
        Route("/api/incidents/{number:int}/release", to_act(partial(api.see_to, False)), methods=["POST"]),
        Route("/api/incidents/{number:int}/notes", to_act(api.note), methods=["POST"]),
        Route("/api/{rest:path}", house.api(api.nothing)),
    ]


class _Api:
    def __init__(self, house: House) -> None:
        self._facts, self._wishes = house.facts, house.facts.wishes

    async def openapi(self, request: Request) -> Response:
        return as_json(described())

    async def status(self, request: Request) -> Response:
        return as_json(await told(self._facts.status))

    async def copies(self, request: Request) -> Response:
        name = request.path_params["asset"]
        if not has_asset(await told(self._facts.status), name):
            return _no(f"No asset is named {name!r}.")
        return as_json(await told(partial(self._facts.copies, name)))

    async def host(self, request: Request) -> Response:
        name = request.path_params["host"]
        status = await told(self._facts.status)
        found = next((one for one in status["hosts"] if one["host"] == name), None)
        if found is None:
            return _no(f"No host is named {name!r}.")
        known = (await told(self._facts.hosts)).get(name, {})
        return as_json({**found, "known": known})

    async def incidents(self, request: Request) -> Response:
        return as_json({"incidents": await told(self._facts.incidents)})

    async def incident(self, request: Request) -> Response:
        one = await self._incident(request)
        return as_json(one) if one else _no("There is no such incident.")

    async def vault(self, request: Request) -> Response:
        return as_json(await told(self._facts.vault))

    async def act(self, request: Request) -> Response:
        name, act = request.path_params["asset"], request.path_params["act"]
        if act not in ACTS or not has_asset(await told(self._facts.status), name):
            return _no(f"There is no act {act!r} of an asset {name!r}.")
        asked_at = self._facts.now()
        await asyncio.to_thread(self._wishes.act, act, name)
        return as_json({"asset": name, "act": act, "asked_at": asked_at}, 202)

    async def see_to(self, seen_to: bool, request: Request) -> Response:
        if not await self._incident(request):
            return _no("There is no such incident.")
        number = request.path_params["number"]
        await asyncio.to_thread(self._wishes.acknowledge, number, seen_to, request.state.by)
        return as_json({"incident": number, "acknowledged": seen_to})

    async def note(self, request: Request) -> Response:
        if not await self._incident(request):
            return _no("There is no such incident.")
        text = (await document(request)).get("text")
        if not isinstance(text, str) or not text.strip() or len(text) > MOST_NOTE:
            return as_json({"error": f'Send {{"text": "..."}} of at most {MOST_NOTE} characters.'}, 400)
        number = request.path_params["number"]
        await asyncio.to_thread(self._wishes.note, number, text.strip(), request.state.by)
        return as_json({"incident": number}, 201)

    async def nothing(self, request: Request) -> Response:
        return _no("There is nothing here: /api/openapi.json says what there is.")

    async def _incident(self, request: Request) -> dict[str, object] | None:
        number = request.path_params["number"]
        return await told(partial(self._facts.incident, number)) if number < MOST_NUMBER else None


def _no(why: str) -> Response:
    return as_json({"error": why}, 404)
