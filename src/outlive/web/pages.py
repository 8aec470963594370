"""The views, as pages for people."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from outlive.model.tally import LOG
from outlive.web import answers
from outlive.web.answers import html, told
from outlive.web.facts import Document
from outlive.web.house import House
from outlive.web.report import as_html
from outlive.web.tokens import ACT
from outlive.web.views.acting import ACTS, last_runs, progress, restores
from outlive.web.views.asset import asset_view
from outlive.web.views.host import chosen_check, host_view
from outlive.web.views.incident import incident_lines, incident_view
from outlive.web.views.now import now_view
from outlive.web.views.recovery import recovery_view
from outlive.web.views.vault import vault_view


def routes(house: House) -> list[BaseRoute]:
    pages = _Pages(house)
    return [
        Route("/", house.inside(pages.now)),
        Route("/host/{name}", house.inside(pages.host)),
        Route("/asset/{name}", house.inside(pages.asset)),
        Route("/asset/{name}/restore", house.grave(pages.restore)),
        Route("/incidents", house.inside(pages.incidents)),
        Route("/incident/{number:int}", house.inside(pages.incident)),
        Route("/incident/{number:int}/report", house.inside(pages.report)),
        Route("/recoveries", house.inside(pages.recoveries)),
        Route("/vault", house.inside(pages.vault)),
        Route("/settings", house.inside(pages.settings)),
    ]


def nothing(house: House) -> list[BaseRoute]:
    """After every other route: what is nowhere, for who is signed in."""

    async def answer(request: Request) -> Response:
        return _nothing()

    return [Route("/{rest:path}", house.inside(answer))]


class _Pages:
    def __init__(self, house: House) -> None:
        self._facts = house.facts

    async def now(self, request: Request) -> Response:
        opened, _ = incident_lines(await told(self._facts.incidents), self._facts.now())
        view = now_view(await self._status(), await told(self._facts.hosts))
        return _shown("now.html", request, view=view, incidents=opened)

    async def host(self, request: Request) -> Response:
        name, asked = request.path_params["name"], request.query_params.get("check", "")
        status, known, checks, seen = await asyncio.gather(
            self._status(),
            told(self._facts.hosts),
            told(partial(self._facts.answers, name)),
            told(partial(self._facts.seen, name)),
        )
        check = chosen_check(checks, asked)
        hours = await told(partial(self._facts.hours, name, check)) if check else []
        view = host_view(name, status, known.get(name, {}), seen, checks, hours)
        return _shown("host.html", request, view=view) if view else _nothing()

    async def asset(self, request: Request) -> Response:
        name, status, now = request.path_params["name"], await self._status(), self._facts.now()
        if not has_asset(status, name):
            return _nothing()
        copies = await told(partial(self._facts.copies, name))
        lag = await told(partial(self._facts.hours, name, LOG))
        running, outcomes = await told(self._facts.running), await told(self._facts.outcomes)
        asked, since = request.query_params.get("asked", ""), answers.moment_of(request.query_params.get("at", ""))
        return _shown(
            "asset.html",
            request,
            view=asset_view(name, status, copies, lag),
            acts=ACTS,
            last=last_runs(name, outcomes, now),
            told=progress(name, asked, since, running, outcomes, now),
            restores=restores(await told(partial(self._facts.restores, name)), now),
        )

    async def restore(self, request: Request) -> Response:
        name, status = request.path_params["name"], await self._status()
        if not has_asset(status, name):
            return _nothing()
        view = asset_view(name, status, await told(partial(self._facts.copies, name)))
        return _shown("restore.html", request, view=view, why="")

    async def incidents(self, request: Request) -> Response:
        opened, over = incident_lines(await told(self._facts.incidents), self._facts.now())
        return _shown("incidents.html", request, opened=opened, over=over)

    async def incident(self, request: Request) -> Response:
        one = await told(partial(self._facts.incident, request.path_params["number"]))
        if one is None:
            return _nothing()
        known = await told(self._facts.hosts)
        changes = known.get(one["host"] or "", {}).get("changes", ())
        return _shown("incident.html", request, view=incident_view(one, changes, self._facts.now()))

    async def report(self, request: Request) -> Response:
        number = request.path_params["number"]
        if await told(partial(self._facts.incident, number)) is None:
            return _nothing()
        text = await told(partial(self._facts.report, number))
        return _shown("report.html", request, number=number, body=as_html(text))

    async def recoveries(self, request: Request) -> Response:
        now, known = self._facts.now(), await told(self._facts.recoveries)
        return _shown("recoveries.html", request, runs=[recovery_view(one, now) for one in known])

    async def vault(self, request: Request) -> Response:
        view = vault_view(await told(self._facts.vault), await self._status())
        return _shown("vault.html", request, view=view)

    async def settings(self, request: Request) -> Response:
        return _shown("settings.html", request, sections=await told(self._facts.settings))

    async def _status(self) -> Document:
        return await told(self._facts.status)


def has_asset(status: Document, name: str) -> bool:
    return any(one["asset"] == name for one in status["assets"])


def _shown(name: str, request: Request, **values: Any) -> Response:
    session = request.state.session
    return html(
        name, csrf=session.csrf, here=request.url.path, may_act=ACT in session.scopes, who=session.who, **values
    )


def _nothing() -> Response:
    return answers.trouble("There is nothing here.", "Everything begins at the first page.", 404)
