"""`/ping/<id>`: where people's own cron jobs tell that they ran, as at Healthchecks (healthchecks.io/docs/http_api). The id
is the secret; there is no session, and what a job sends in its body is not read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from outlive.errors import OutliveError
from outlive.model.cron import Signal, digest
from outlive.web.guard import is_known, sealed

METHODS = ["GET", "HEAD", "POST"]
HIGHEST_STATUS = 255
Hear = Callable[[str, Signal, int | None], None]


def cron_routes(ids: Mapping[bytes, str], hear: Hear, names: Collection[str]) -> list[Route]:
    """`ids`: the name of each job by the `digest` of its id. `hear` may block, and raises `OutliveError`."""

    async def ping(request: Request) -> Response:
        if not is_known(request, names):
            return sealed(PlainTextResponse("This name is not the keeper's: see [page] names.\n", 421))
        name = ids.get(digest(request.path_params["id"]))
        if name is None:
            return sealed(PlainTextResponse("not found\n", 404))
        said = _said(request.path_params.get("said", ""))
        if said is None:
            return sealed(PlainTextResponse("It is start, fail, log, or an exit status of 0 to 255.\n", 400))
        try:
            await asyncio.to_thread(hear, name, *said)
        except OutliveError:
            return sealed(PlainTextResponse("The keeper's memory does not answer: it was not noted.\n", 503))
        return sealed(PlainTextResponse("OK\n"))

    return [Route("/ping/{id}", ping, methods=METHODS), Route("/ping/{id}/{said}", ping, methods=METHODS)]


def _said(word: str) -> tuple[Signal, int | None] | None:
    if word == "":
        return Signal.SUCCESS, None
    if word in (Signal.START, Signal.FAIL, Signal.LOG):
        return Signal(word), None
    if not (word.isascii() and word.isdigit() and len(word) <= 3) or int(word) > HIGHEST_STATUS:
        return None
    return (Signal.FAIL if int(word) else Signal.SUCCESS), int(word)
