"""The two threads that put log into the vault: one brings what is new, the other tidies up behind it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType

from outlive.backup.log.wal_names import Stretch


class Hands:
    """A context manager. What is new is given one thing at a time. Tidying never holds it up: while one is under way, a
    further one is left undone (the pieces stay, and say the same)."""

    def __init__(self) -> None:
        self._bring = ThreadPoolExecutor(1, "ship")
        self._tidy = ThreadPoolExecutor(1, "tidy")
        self._bringing: Future[Stretch] | None = None
        self._tidying: Future[None] | None = None

    def __enter__(self) -> Hands:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        for pool in (self._bring, self._tidy):
            pool.shutdown(wait=True, cancel_futures=kind is not None)

    @property
    def busy(self) -> bool:
        """True while something new is under way or has not been taken in."""
        return self._bringing is not None

    def give(self, act: Callable[[], Stretch]) -> None:
        """To be brought."""
        assert self._bringing is None
        self._bringing = self._bring.submit(act)

    def taken(self) -> Stretch | None:
        """What was stored, once. Raises what went wrong with it."""
        if self._bringing is None or not self._bringing.done():
            return None
        brought, self._bringing = self._bringing, None
        return brought.result()

    def wait(self, seconds: float) -> None:
        """At most that long, less when what is under way ends."""
        wait([self._bringing or Future()], seconds)

    def tidy(self, act: Callable[[], None]) -> bool:
        """To be done when there is time; False when it is left undone."""
        if self._tidying is not None and not self._tidying.done():
            return False
        self._tidying = self._tidy.submit(act)
        return True
