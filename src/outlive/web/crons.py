"""`/ping/<id>`: where people's own cron jobs tell that they ran, as at Healthchecks (healthchecks.io/docs/http_api). The id
is the secret; there is no session, and what a job sends in its body is not read."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from outlive.errors import OutliveError
from outlive.model.cron import Signal, digest
from outlive.web.guard import is_known, sealed
from outlive.web.house import House

METHODS = ["GET", "HEAD", "POST"]
HIGHEST_STATUS = 255


def routes(house: House) -> list[Route]:
    door, names = house.doors.crons, house.doors.names

    async def ping(request: Request) -> Response:
        """Not by `house.outside`: a program's POST comes from no page."""
        if not is_known(request, names):
            return _answer("This name is not the keeper's: see [page] names.", 421)
        name = door.ids.get(digest(request.path_params["id"]))
        if name is None:
            return _answer("not found", 404)
        said = _said(request.path_params.get("said", ""))
        if said is None:
            return _answer("It is start, fail, log, or an exit status of 0 to 255.", 400)
        try:
            await asyncio.to_thread(door.hear, name, *said)
        except OutliveError:
            return _answer("The keeper's memory does not answer: it was not noted.", 503)
        return _answer("OK", 200)

    return [Route("/ping/{id}", ping, methods=METHODS), Route("/ping/{id}/{said}", ping, methods=METHODS)]


def _answer(words: str, code: int) -> Response:
    return sealed(PlainTextResponse(f"{words}\n", code))


def _said(word: str) -> tuple[Signal, int | None] | None:
    if word == "":
        return Signal.SUCCESS, None
    if word in (Signal.START, Signal.FAIL, Signal.LOG):
        return Signal(word), None
    if not (word.isascii() and word.isdigit() and len(word) <= 3) or int(word) > HIGHEST_STATUS:
        return None
    return (Signal.FAIL if int(word) else Signal.SUCCESS), int(word)
