"""To the provider and back. The password's entrance is `web/entrance.py`; it works whatever happens here."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from outlive.errors import Refused
from outlive.web.answers import html, on_this_page, trouble
from outlive.web.house import COOKIE, House
from outlive.web.oidc.attempts import BACK, LASTS, Attempt, Attempts
from outlive.web.oidc.door import OidcDoor
from outlive.web.oidc.errors import ProviderSilent, TokenRefused
from outlive.web.oidc.people import Person

ATTEMPT_COOKIE = "outlive_oidc"


def routes(house: House) -> list[BaseRoute]:
    """None where nobody signs in so."""
    if house.doors.oidc is None:
        return []
    entrance = _Entrance(house, house.doors.oidc)
    return [
        Route("/oidc/begin", house.outside(entrance.begin)),
        Route("/oidc/again", house.inside(entrance.again)),
        Route(BACK, house.outside(entrance.back)),
    ]


class _Entrance:
    def __init__(self, house: House, door: OidcDoor) -> None:
        self._house, self._door, self._attempts = house, door, Attempts()

    async def begin(self, request: Request) -> Response:
        if request.headers.get("host") != urlsplit(self._door.url).netloc:
            return RedirectResponse(f"{self._door.url.rstrip('/')}/oidc/begin", 303)  # cookies come back there only
        return await self._sent(*self._attempts.begin("/", None, self._house.facts.now()))

    async def again(self, request: Request) -> Response:
        """For who is signed in, and has to prove it anew before something grave."""
        session, way = request.state.session, on_this_page(request.query_params.get("next", ""))
        if not session.subject:
            return RedirectResponse(f"/confirm?next={quote(way)}", 303)
        return await self._sent(*self._attempts.begin(way, session, self._house.facts.now()))

    async def _sent(self, key: str, attempt: Attempt) -> Response:
        response = RedirectResponse(await self._door.gate.gate(attempt), 303)
        # Lax: it must come along when the provider sends the browser back. It opens nothing without the right code.
        response.set_cookie(
            ATTEMPT_COOKIE,
            key,
            max_age=int(LASTS.total_seconds()),
            path="/oidc",
            httponly=True,
            samesite="lax",
            secure=self._is_tls(),
        )
        return response

    async def back(self, request: Request) -> Response:
        try:
            attempt, person = await self._came(request)
        except Refused as error:
            self._door.say(f"nobody was signed in through {self._door.label}: {error}")
            return trouble(str(error), error.hint, 403)
        except ProviderSilent as error:
            self._door.say(f"nobody could be signed in through {self._door.label}: {error}")
            raise
        house, now = self._house, self._house.facts.now()
        self._door.say(f"{person.who} signed in through {self._door.label}, may {' and '.join(person.scopes)}")
        # Not a redirect: the browser would count it as the provider's, and keep the strict cookie to itself.
        response = html("signed-in.html", way=attempt.way)
        if attempt.again:
            house.sessions.sure(attempt.again, now)
        else:
            key, _ = house.sessions.begin(now, person.who, person.subject, person.scopes)
            response.set_cookie(COOKIE, key, httponly=True, samesite="strict", secure=self._is_tls())
        response.delete_cookie(ATTEMPT_COOKIE, path="/oidc")
        return response

    async def _came(self, request: Request) -> tuple[Attempt, Person]:
        asked, now = request.query_params, self._house.facts.now
        attempt = self._attempts.take(request.cookies.get(ATTEMPT_COOKIE, ""), asked.get("state", ""), now())
        if attempt is None:
            raise TokenRefused(
                "This sign-in was not begun in this browser, was used already, or took too long.",
                hint="Begin anew at /sign-in. The local password opens the page all the same.",
            )
        if "code" not in asked or "error" in asked:
            raise TokenRefused("It sent the browser back without a sign-in: it was cancelled there, or not allowed.")
        return attempt, await self._door.gate.person(attempt, asked["code"], now)

    def _is_tls(self) -> bool:
        return self._door.url.startswith("https:")
