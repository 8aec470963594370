"""A good document in which some things are not as they should be: which, and how, say the bytes of the fuzzer. JSON that is
shaken so stays JSON, and gets further than bytes that are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ODD: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 7, 2**31, 2**63, 10**30, 1.5, -0.0, float("inf"), float("nan"), 1e308),
    *("", "x", "0", "-1", "\u00b2", "1" * 30, "9" * 5000, "1e400", "\t", "\n", "\ud800", "a" * 70_000),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "2026-02-30T00:00:00Z", "2026-02-07T08:15:00"),
    *([], {}, [[]], [None], [{}], {"": None}, {"a": []}, [1, 2, 3], ["x", "y"]),
)
KEEP = 200  # of 256 choices


def shaken(value: Any, data: bytes) -> Any:
    return _shaken(value, iter(data))


def _shaken(value: Any, choices: Iterator[int]) -> Any:
    choice = next(choices, 0)
    if choice >= KEEP:
        return ODD[next(choices, 0) % len(ODD)]
    if isinstance(value, dict):
        return {name: _shaken(one, choices) for name, one in value.items() if next(choices, 0) < KEEP}
    if isinstance(value, list):
        return [_shaken(one, choices) for one in value if next(choices, 0) < KEEP]
    return value
