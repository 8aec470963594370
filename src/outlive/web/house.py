"""What every router of the page stands in: who may come in, by which door."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from outlive.errors import OutliveError
from outlive.model.cron import Signal
from outlive.web import answers
from outlive.web.facts import Facts
from outlive.web.guard import is_known, is_own, sealed
from outlive.web.oidc.door import OidcDoor
from outlive.web.sessions import Session, Sessions
from outlive.web.tokens import ACT, READ, Token, bearer

COOKIE = "outlive_session"
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class CronDoor:
    """Where cron jobs tell that they ran: the name of each by the `digest` of its id, and who is told (it may block, and
    raises `OutliveError`)."""

    ids: Mapping[bytes, str] = field(default_factory=dict)
    hear: Callable[[str, Signal, int | None], None] = lambda name, signal, status: None


@dataclass(frozen=True, slots=True)
class Doors:
    """`password` gives the hash that is known, `tokens` those that were made, whenever they are asked for; `names` are hosts
    besides loopback. `is_public`: whether anybody may see how the hosts are. `oidc`: where else one may sign in."""

    facts: Facts
    password: Callable[[], str]
    names: tuple[str, ...] = ()
    tokens: Callable[[], Sequence[Token]] = tuple
    is_public: bool = False
    crons: CronDoor = CronDoor()
    oidc: OidcDoor | None = None


class House:
    """Each handler is asked only when its door has let the visitor in."""

    def __init__(self, doors: Doors) -> None:
        self.doors, self.facts, self.sessions = doors, doors.facts, Sessions()

    def outside(self, handler: Handler, trouble: Callable[[str, str, int], Response] = answers.trouble) -> Handler:
        """For everybody."""

        async def answer(request: Request) -> Response:
            if not is_known(request, self.doors.names):
                return sealed(Response("This name is not the page's: see [page] names.\n", 421))
            if request.method not in ("GET", "HEAD") and not is_own(request):
                return sealed(trouble("This was sent from another site.", "Open the page itself.", 403))
            try:
                return sealed(await handler(request))
            except OutliveError as error:
                return sealed(trouble(str(error), error.hint, 503))

        return answer

    def inside(self, handler: Handler, scope: str = READ) -> Handler:
        """For who is signed in and may do that. What is posted must come from a form of the same session."""

        async def answer(request: Request) -> Response:
            session = self.session(request)
            if session is None:
                return RedirectResponse("/sign-in", 303)
            request.state.session = session
            if scope not in session.scopes:
                cure = (
                    "Whoever runs the keeper may give it in [[page.oidc.people]]; the local password may do everything."
                )
                return answers.trouble(f"{session.who} may read, not act.", cure, 403)
            if request.method == "POST" and not session.vouches((await answers.form(request)).get("csrf", "")):
                return answers.trouble(
                    "This form is from another session.", "Go back, reload the page, try again.", 403
                )
            return await handler(request)

        return self.outside(answer)

    def grave(self, handler: Handler) -> Handler:
        """For who is signed in, may act, and has proven who it is within the last minutes."""

        async def answer(request: Request) -> Response:
            if not request.state.session.is_sure(self.facts.now()):
                return RedirectResponse(f"/confirm?next={quote(request.url.path)}", 303)
            return await handler(request)

        return self.inside(answer, ACT)

    def api(self, handler: Handler, scope: str = READ) -> Handler:
        """For programs with a token of that scope, and for who is signed in. What is posted with a session must carry its
        `X-CSRF-Token`."""

        async def answer(request: Request) -> Response:
            if token := bearer(request.headers.get("authorization", ""), self.doors.tokens()):
                if scope not in token.scopes:
                    return answers.as_json({"error": f"The token {token.name} has no scope {scope}."}, 403)
                request.state.by = f"token {token.name}"
                return await handler(request)
            session = self.session(request)
            if session is None:
                return answers.as_json({"error": "Not signed in."}, 401)
            if scope not in session.scopes:
                return answers.as_json({"error": f"{session.who} has no scope {scope}."}, 403)
            if scope == ACT and not session.vouches(request.headers.get("x-csrf-token", "")):
                return answers.as_json({"error": "The X-CSRF-Token of the session is missing."}, 403)
            request.state.by = session.who
            return await handler(request)

        return self.outside(answer, _json_trouble)

    def session(self, request: Request) -> Session | None:
        return self.sessions.find(request.cookies.get(COOKIE, ""), self.facts.now())


def _json_trouble(what: str, cure: str, code: int) -> Response:
    return answers.as_json({"error": what, "cure": cure}, code)
