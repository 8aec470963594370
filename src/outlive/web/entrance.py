"""Signing in and out, and typing the password again before something grave."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from outlive.web.answers import form, html, on_this_page
from outlive.web.house import COOKIE, House
from outlive.web.passwords import is_right
from outlive.web.sessions import Session


def routes(house: House) -> list[BaseRoute]:
    entrance = _Entrance(house)
    return [
        Route("/sign-in", house.outside(entrance.sign_in), methods=["GET", "POST"]),
        Route("/sign-out", house.inside(entrance.sign_out), methods=["POST"]),
        Route("/confirm", house.inside(entrance.confirm), methods=["GET", "POST"]),
    ]


class _Entrance:
    def __init__(self, house: House) -> None:
        self._house = house
        self._hashing = ThreadPoolExecutor(1, "hashing")  # its own: a vault that hangs holds up no sign-in
        self._trying = asyncio.Lock()  # one hash at a time: each takes 64 MiB

    async def sign_in(self, request: Request) -> Response:
        if request.method == "GET":
            return self._page()
        code, why = await self._tried(request)
        if why:
            return self._page(code, why)
        key, _ = self._house.sessions.begin(self._house.facts.now())
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, key, httponly=True, samesite="strict", secure=_is_tls(request))
        return response

    def _page(self, code: int = 200, why: str = "") -> Response:
        oidc = self._house.doors.oidc
        return html("sign-in.html", code, why=why, provider=oidc.label if oidc else "")

    async def sign_out(self, request: Request) -> Response:
        self._house.sessions.end(request.state.session)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE)
        return response

    async def confirm(self, request: Request) -> Response:
        """The password again, then on to `next`, a place on this page."""
        session, way = request.state.session, on_this_page(request.query_params.get("next", ""))
        if request.method == "GET":
            return self._again(session, way)
        code, why = await self._tried(request)
        if why:
            return self._again(session, way, code, why)
        self._house.sessions.sure(session, self._house.facts.now())
        return RedirectResponse(way, 303)

    def _again(self, session: Session, way: str, code: int = 200, why: str = "") -> Response:
        oidc = self._house.doors.oidc
        provider = oidc.label if oidc and session.subject else ""
        return html("confirm.html", code, csrf=session.csrf, way=way, why=why, provider=provider)

    async def _tried(self, request: Request) -> tuple[int, str]:
        """Whether the password that was sent is not right, and why: a status and words; no words when it is."""
        house = self._house
        async with self._trying:
            now, client = house.facts.now(), request.client.host if request.client else ""
            if wait := house.sessions.wait_seconds(client, now):
                return 429, f"Too many wrong passwords. Try again in {wait:.0f} s."
            given, known = (await form(request)).get("password", ""), house.doors.password()
            right = await asyncio.get_running_loop().run_in_executor(self._hashing, is_right, known, given)
            house.sessions.tried(client, now, right=right)
        return (200, "") if right else (401, "That is not the password.")


def _is_tls(request: Request) -> bool:
    """As the browser sees it: behind a proxy, its page's origin says so."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
