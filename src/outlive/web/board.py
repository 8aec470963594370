"""Answers kept for a few seconds: many open pages must not cost the vault more than one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
KEPT_SECONDS = 5.0


class Kept(Generic[T]):
    """What `ask` gave, for so many seconds of steady time. May be used by several threads: one asks, the others wait.
    What it raises is not kept."""

    def __init__(self, ask: Callable[[], T], monotonic: Callable[[], float], seconds: float = KEPT_SECONDS) -> None:
        self._ask, self._monotonic, self._seconds = ask, monotonic, seconds
        self._old = False
        self._lock = threading.Lock()
        self._found: tuple[float, T] | None = None

    def __call__(self) -> T:
        with self._lock:
            if self._old or self._found is None or self._monotonic() - self._found[0] > self._seconds:
                self._old = False
                self._found = (self._monotonic(), self._ask())
            return self._found[1]

    def forget(self) -> None:
        """Something happened: the next one is told what is so now. Waits for nobody."""
        self._old = True
