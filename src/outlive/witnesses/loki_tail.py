"""Loki's tail: lines as they come in, between two questions. What it brings is early, never surely all: Loki says itself
that it leaves lines out, and a connection breaks. So it counts only beside `query_range`, which is asked whenever lines may
be missing, and every few minutes whatever the tail says; nothing is heard twice, because each line is known by a hash.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field

from outlive.commands import loki
from outlive.commands.loki import Entry
from outlive.transport.api import Api
from outlive.transport.api_stream import messages
from outlive.transport.net import NoAnswer

LIMIT = 100  # Loki's own default; what was written before is asked for otherwise
MOST_LINES, MOST_BYTES = 20_000, 8 << 20  # between two looks
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 5.0, 300.0


@dataclass(slots=True)
class LokiTail:
    """Belongs to one event loop. `misses`: lines may have been passed over since `asks` was called last, or nobody listened
    then. `word` and `why` say what ended it last; empty while it holds."""

    query: str
    word: str = ""
    why: str = ""
    misses: bool = True
    is_open: bool = False
    _lines: list[Entry] = field(default_factory=list)
    _bytes: int = 0
    _task: asyncio.Task[None] | None = None
    _wait_seconds: float = FIRST_WAIT_SECONDS
    _not_before: float = 0.0

    def asks(self) -> None:
        """Before everything up to now is asked for: when it listens already, nothing lies between the answer and it."""
        self.misses = not self.is_open

    def take(self) -> list[Entry]:
        """What has come since it was called last."""
        lines, self._lines, self._bytes = self._lines, [], 0
        return lines

    def see_to_it(self, api: Api, start_nano: int) -> None:
        """Listens again when it has ended, after a while that doubles."""
        if self._task is not None and not self._task.done():
            return
        now = asyncio.get_running_loop().time()
        if now >= self._not_before:
            self._not_before = now + self._wait_seconds
            self._wait_seconds = min(LONGEST_WAIT_SECONDS, 2 * self._wait_seconds)
            self._task = asyncio.create_task(self._listen(api, loki.tail_path(self.query, start_nano, LIMIT)))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self, api: Api, path: str) -> None:
        try:
            async with aclosing(messages(api, path)) as told:
                async for one in told:
                    if one is None:
                        self.is_open, self.word, self.why = True, "", ""
                    else:
                        self._hear(*loki.read_tail(one))
            self.word, self.why = "closed", "the other side ended it"
        except NoAnswer as error:
            self.word, self.why = error.word, error.why
        except ValueError as error:
            self.word, self.why = "unreadable", str(error)
        finally:
            self.is_open, self.misses = False, True

    def _hear(self, lines: list[Entry], dropped: int) -> None:
        self._wait_seconds = FIRST_WAIT_SECONDS
        count_bytes = sum(len(one.text) for one in lines)
        if len(self._lines) + len(lines) > MOST_LINES or self._bytes + count_bytes > MOST_BYTES:
            self.misses = True
            return
        self._lines += lines
        self._bytes += count_bytes
        self.misses = self.misses or dropped > 0
