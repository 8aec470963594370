"""A target in a person's own words, by all its names."""

from __future__ import annotations

from outlive.errors import UsageError
from outlive.recovery.gate import Target


def target(named: str) -> Target:
    """`ID,ADDRESS,HOSTNAME`. Raises `UsageError`."""
    parts = [part.strip() for part in named.split(",")]
    if len(parts) != 3 or not all(parts):
        raise UsageError(f"--named {named!r}: it takes three names.", hint="--named 811287,203.0.113.9,web-1")
    return Target(*parts)
