"""News for open pages, by server-sent events (WHATWG HTML, section 9.2). One pulse is felt for all of them together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from outlive.web.house import COOKIE, House

FEEL_SECONDS = 0.4
SILENT_SECONDS = 15.0  # then a word goes out, so that a page knows that it still hears
MOST = 100


def routes(house: House) -> list[BaseRoute]:
    pulse = Pulse(house.facts.pulse)

    async def live(request: Request) -> Response:
        if pulse.listeners >= MOST:
            return Response("Too many pages are open.\n", 503)
        pulse.stopped = lambda: bool(request.app.state.stopping)
        key = request.cookies.get(COOKIE, "")

        def may() -> bool:
            return not request.app.state.stopping and house.sessions.find(key, house.facts.now()) is not None

        return StreamingResponse(_words(pulse, may), media_type="text/event-stream")

    return [Route("/live", house.inside(live))]


class Pulse:
    """Felt only while somebody listens. Belongs to one event loop."""

    def __init__(self, feel: Callable[[], Hashable]) -> None:
        self._feel = feel
        self._beat = 0
        self._news = asyncio.Condition()
        self._felt = asyncio.Event()
        self._feeling: asyncio.Task[None] | None = None
        self.listeners = 0
        self.stopped: Callable[[], bool] = lambda: False

    async def beats(self) -> AsyncIterator[int]:
        """A number, from which on nothing is missed; another whenever something happened, the same one again when for a
        while nothing did."""
        self.listeners += 1
        if self._feeling is None:
            self._felt.clear()
            self._feeling = asyncio.create_task(self._watch())
        try:
            await self._felt.wait()
            while True:
                known = self._beat
                yield known
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._next(known), SILENT_SECONDS)
        finally:
            self.listeners -= 1
            if not self.listeners and self._feeling is not None:
                self._feeling.cancel()
                self._feeling = None

    async def _next(self, known: int) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self._beat != known or self.stopped())

    async def _watch(self) -> None:
        last = await asyncio.to_thread(self._feel)
        self._felt.set()
        while True:
            await asyncio.sleep(FEEL_SECONDS)
            felt = await asyncio.to_thread(self._feel)
            if felt != last or self.stopped():
                last, self._beat = felt, self._beat + (felt != last)
                async with self._news:
                    self._news.notify_all()


async def _words(pulse: Pulse, may: Callable[[], bool]) -> AsyncIterator[str]:
    """Ends with the session."""
    yield "retry: 2000\n\n"
    known: int | None = None
    async for beat in pulse.beats():
        if not may():
            yield "event: out\ndata: signed out\n\n"
            return
        yield f"event: {'still' if known in (None, beat) else 'news'}\ndata: {beat}\n\n"
        known = beat
