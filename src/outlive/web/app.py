"""The page's routes. Everything but the sign-in and its style needs a session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from outlive.errors import NoData, OutliveError
from outlive.model.observation import rfc3339
from outlive.web.facts import Facts
from outlive.web.guard import is_known, is_own, sealed
from outlive.web.passwords import is_right
from outlive.web.sessions import Session, Sessions
from outlive.web.views import ACTS, asset_view, host_view, now_view, progress

COOKIE = "outlive_session"
MOST_FORM_BYTES = 8192
REFRESH_SECONDS = "15"
PATIENCE_SECONDS = 20.0
T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]
_pages = Environment(loader=PackageLoader("outlive.web"), autoescape=True, undefined=StrictUndefined)
_STATIC = Path(__file__).with_name("static")


@dataclass(frozen=True, slots=True)
class Doors:
    """`password` gives the hash that is known, when it is asked for; `names` are hosts besides loopback; `open` are routes
    that need no session, and see to themselves."""

    facts: Facts
    password: Callable[[], str]
    names: tuple[str, ...] = ()
    open: tuple[Route, ...] = ()


def make_app(doors: Doors) -> Starlette:
    page = _Page(doors)
    routes = [
        *doors.open,
        Route("/sign-in", page.outside(page.sign_in), methods=["GET", "POST"]),
        Route("/page.css", page.outside(page.static)),
        Route("/icon.svg", page.outside(page.static)),
        Route("/sign-out", page.inside(page.sign_out), methods=["POST"]),
        Route("/", page.inside(page.now)),
        Route("/host/{name}", page.inside(page.host)),
        Route("/asset/{name}", page.inside(page.asset)),
        Route("/asset/{name}/{act}", page.inside(page.act), methods=["POST"]),
        Route("/api/status", page.inside(page.api_status)),
        Route("/api/copies/{name}", page.inside(page.api_copies)),
        Route("/{rest:path}", page.inside(page.nothing)),
    ]
    return Starlette(routes=routes)


class _Page:
    def __init__(self, doors: Doors) -> None:
        self._facts, self._password, self._names = doors.facts, doors.password, doors.names
        self._sessions = Sessions()
        self._hashing = ThreadPoolExecutor(1, "hashing")  # its own: a vault that hangs holds up no sign-in
        self._trying = asyncio.Lock()  # one hash at a time: each takes 64 MiB

    # --- the doors -----------------------------------------------------------------------------------------------

    def outside(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            if not is_known(request, self._names):
                return sealed(Response("This name is not the page's: see [page] names.\n", 421))
            if request.method == "POST" and not is_own(request):
                return sealed(_trouble("This form was sent from another site.", "Open the page itself.", 403))
            try:
                return sealed(await handler(request))
            except OutliveError as error:
                return sealed(_trouble(str(error), error.hint, 503))

        return answer

    def inside(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            session = self._sessions.find(request.cookies.get(COOKIE, ""), self._facts.now())
            if session is None:
                if request.url.path.startswith("/api/"):
                    return _json({"error": "Not signed in."}, 401)
                return RedirectResponse("/sign-in", 303)
            request.state.session = session
            if request.method == "POST" and not session.vouches((await _form(request)).get("csrf", "")):
                return _trouble("This form is from another session.", "Go back, reload the page, try again.", 403)
            return await handler(request)

        return self.outside(answer)

    async def sign_in(self, request: Request) -> Response:
        if request.method == "GET":
            return _html("sign-in.html", why="")
        async with self._trying:
            now, client = self._facts.now(), request.client.host if request.client else ""
            if wait := self._sessions.wait_seconds(client, now):
                why = f"Too many wrong passwords. Try again in {wait:.0f} s."
                return _html("sign-in.html", 429, why=why)
            given = (await _form(request)).get("password", "")
            right = await asyncio.get_running_loop().run_in_executor(self._hashing, is_right, self._password(), given)
            self._sessions.tried(client, now, right=right)
        if not right:
            return _html("sign-in.html", 401, why="That is not the password.")
        key, _ = self._sessions.begin(now)
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, key, httponly=True, samesite="strict", secure=_is_tls(request))
        return response

    async def sign_out(self, request: Request) -> Response:
        self._sessions.end(request.state.session)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE)
        return response

    async def static(self, request: Request) -> Response:
        return FileResponse(_STATIC / request.url.path.removeprefix("/"), headers={"Cache-Control": "max-age=300"})

    # --- the views -----------------------------------------------------------------------------------------------

    async def now(self, request: Request) -> Response:
        return self._shown(
            "now.html", request, view=now_view(await self._status()), incidents=await _told(self._facts.incidents)
        )

    async def host(self, request: Request) -> Response:
        name = request.path_params["name"]
        known = await _told(self._facts.hosts)
        view = host_view(name, await self._status(), known.get(name, {}))
        return self._shown("host.html", request, view=view) if view else await self.nothing(request)

    async def asset(self, request: Request) -> Response:
        name, status = request.path_params["name"], await self._status()
        if not _has(status, name):
            return await self.nothing(request)
        copies = await _told(partial(self._facts.copies, name))
        running = await _told(self._facts.running)
        outcomes = await _told(self._facts.outcomes)
        asked, since = request.query_params.get("asked", ""), _moment(request.query_params.get("at", ""))
        view, told = asset_view(name, status, copies), progress(name, asked, since, running, outcomes)
        return self._shown("asset.html", request, view=view, acts=ACTS, told=told)

    async def act(self, request: Request) -> Response:
        name, act = request.path_params["name"], request.path_params["act"]
        if act not in ACTS or not _has(await self._status(), name):
            return await self.nothing(request)
        asked_at = self._facts.now()
        await asyncio.to_thread(self._facts.request, act, name)
        return RedirectResponse(f"/asset/{name}?asked={act}&at={rfc3339(asked_at)}", 303)

    async def api_status(self, request: Request) -> Response:
        return _json(await self._status())

    async def api_copies(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not _has(await self._status(), name):
            return _json({"error": f"No asset is named {name!r}."}, 404)
        return _json(await _told(partial(self._facts.copies, name)))

    async def nothing(self, request: Request) -> Response:
        return _trouble("There is nothing here.", "Everything begins at the first page.", 404)

    async def _status(self) -> dict[str, Any]:
        return await _told(self._facts.status)

    def _shown(self, name: str, request: Request, **values: Any) -> Response:
        session: Session = request.state.session
        response = _html(name, csrf=session.csrf, **values)
        response.headers["Refresh"] = REFRESH_SECONDS  # without a script; the address keeps what it shows
        return response


async def _told(ask: Callable[[], T]) -> T:
    """In a thread, with patience. Raises `NoData` when it takes longer: a page that loads for ever tells nothing."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(ask), PATIENCE_SECONDS)
    except TimeoutError:
        raise NoData(f"The vault or the keeper's memory has not answered for {PATIENCE_SECONDS:.0f} s.") from None


def _has(status: dict[str, Any], asset: str) -> bool:
    return any(one["asset"] == asset for one in status["assets"])


def _moment(text: str) -> datetime | None:
    """None when it is no moment with its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _html(name: str, code: int = 200, **values: Any) -> Response:
    return HTMLResponse(_pages.get_template(name).render(**values), code)


_trouble_page = partial(_html, "trouble.html")


def _trouble(what: str, cure: str, code: int) -> Response:
    return _trouble_page(code, what=what, cure=cure)


def _json(document: dict[str, Any], code: int = 200) -> Response:
    return Response(json.dumps(document, default=_plain), code, media_type="application/json")


def _plain(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


async def _form(request: Request) -> dict[str, str]:
    """The last value of each field; empty when the form is larger than any of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _is_tls(request: Request) -> bool:
    """As the browser sees it: behind a proxy, its page's origin says so."""
    return request.headers.get("origin", "").startswith("https://")
