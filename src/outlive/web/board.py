"""Answers kept for a few seconds: many open pages must not cost the vault more than one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
KEPT_SECONDS = 5.0


class Kept(Generic[T]):
    """What `ask` gave, for `KEPT_SECONDS` of steady time. May be used by several threads: one asks, the others wait.
    What it raises is not kept."""

    def __init__(self, ask: Callable[[], T], monotonic: Callable[[], float]) -> None:
        self._ask, self._monotonic = ask, monotonic
        self._lock = threading.Lock()
        self._found: tuple[float, T] | None = None

    def __call__(self) -> T:
        with self._lock:
            if self._found is None or self._monotonic() - self._found[0] > KEPT_SECONDS:
                self._found = (self._monotonic(), self._ask())
            return self._found[1]
