"""A belt between two threads: one writes at one end, the other takes pieces off at the other, few are on it at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from queue import Full, Queue
from threading import Event

PIECE_BYTES = 1 << 20
PIECES = 2
_LOOK_SECONDS = 0.1


class Belt:
    """A file to write into for pyrage, which writes 64 KiB at a time; iterating gives about a megabyte at a time.

    The writer calls `close` when there is no more, whatever happened. A reader that goes before the end calls `leave`:
    the writer's next write then fails instead of waiting for ever.
    """

    def __init__(self) -> None:
        self._queue: Queue[bytes] = Queue(PIECES)
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._left = Event()

    def write(self, data: bytes) -> int:
        """Raises BrokenPipeError when the reader has left."""
        self._held.append(bytes(data))
        self._held_bytes += len(data)
        if self._held_bytes >= PIECE_BYTES:
            self._pass_on()
        return len(data)

    def flush(self) -> None:
        """Nothing: what is held goes with `close`."""

    def close(self) -> None:
        """The writer's last word."""
        with suppress(BrokenPipeError):
            if self._held:
                self._pass_on()
            self._put(b"")

    def leave(self) -> None:
        """The reader's last word."""
        self._left.set()

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._queue.get():
            yield piece

    def _pass_on(self) -> None:
        piece = b"".join(self._held)
        self._held, self._held_bytes = [], 0
        self._put(piece)

    def _put(self, piece: bytes) -> None:
        while not self._left.is_set():
            with suppress(Full):
                self._queue.put(piece, timeout=_LOOK_SECONDS)
                return
        raise BrokenPipeError
