"""The page: routers, a file each, in one house. Another one is a file with `routes(house)` and a line here."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from outlive.web import acts, api, crons, entrance, live, metrics, pages, public, statics
from outlive.web.answers import trouble
from outlive.web.guard import sealed
from outlive.web.house import COOKIE, Doors, House
from outlive.web.oidc import entrance as oidc

__all__ = ["COOKIE", "Doors", "make_app"]
ROUTERS = (
    metrics.routes,
    statics.routes,
    entrance.routes,
    oidc.routes,
    public.routes,
    crons.routes,
    live.routes,
    api.routes,
    pages.routes,
    acts.routes,
)


def make_app(doors: Doors) -> Starlette:
    house = House(doors)
    routes: list[BaseRoute] = [one for router in ROUTERS for one in router(house)]
    app = Starlette(routes=[*routes, *pages.nothing(house)], exception_handlers={Exception: _fault})
    app.state.stopping = False
    return app


async def _fault(request: Request, error: Exception) -> Response:
    """A mistake of ours. Its traceback goes to the keeper's standard error, not to the visitor."""
    cure = "Guarding goes on. `outlive status` tells the same; `outlive keep` has said more on its standard error."
    return sealed(trouble(f"The page has a fault of its own ({type(error).__name__}).", cure, 500))
