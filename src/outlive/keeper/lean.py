"""Keeps a long-lived process small: what was freed is given back to the system."""

from __future__ import annotations

import ctypes
from contextlib import suppress

# glibc's mallopt(3): an arena a thread and a threshold that grows with use keep tens of megabytes that nobody uses
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
LARGE_BYTES = 256 << 10
ARENAS = 2


def give_memory_back() -> None:
    """Has every large buffer mapped for itself, so that freeing it returns it. Does nothing where there is no glibc."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, ARENAS)
        library.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
