"""A server this machine cannot have: a skip with its reason, or, where everything is required (CI), a failure."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import pytest

from outlive.lab.ground.missing import Missing

T = TypeVar("T")


def is_required(name: str) -> bool:
    """OUTLIVE_REQUIRE is `all`, or the names that must be there, separated by commas."""
    wanted = {word.strip() for word in os.environ.get("OUTLIVE_REQUIRE", "").split(",")}
    return "all" in wanted or name in wanted


def need(name: str, get: Callable[[], T]) -> T:
    """What `get()` returns. If it raises Missing, the test is skipped, or fails where `name` is required."""
    try:
        return get()
    except Missing as lack:
        reason = f"{name}: {lack.detail}"
    if is_required(name):
        pytest.fail(f"required here (OUTLIVE_REQUIRE), but missing: {reason}", pytrace=False)
    pytest.skip(reason)
