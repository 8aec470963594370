"""How the hosts are, for everybody: only where `[page] public` says so. No address, no reason, no loss."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from outlive.web.answers import html, told
from outlive.web.house import House
from outlive.web.views.public import public_view


def routes(house: House) -> list[BaseRoute]:
    async def public(request: Request) -> Response:
        view = public_view(await told(house.facts.status), await told(house.facts.hosts))
        return html("public.html", view=view)

    return [Route("/public", house.outside(public))] if house.doors.is_public else []
