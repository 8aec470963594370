"""Facts as people read them. Pure."""

from __future__ import annotations

from typing import Any

from outlive.model.observation import Observation

_TOLD = ("url", "status", "error", "why", "volume", "state", "names", "serial", "not_after", "port", "at")
LONGEST = 70


def showing(one: Observation) -> str:
    """`ssh.host_key at 203.0.113.9: SHA256:...`."""
    cluster = f" ({one.cluster})" if one.cluster else ""
    return f"{one.fact} at {one.subject}{cluster}: {value(one.value)}"


def value(found: Any) -> str:
    """A value in one line, without what nobody reads."""
    if isinstance(found, dict):
        told = {key: found[key] for key in _TOLD if key in found} or found
        return ", ".join(f"{key} {value(one)}" for key, one in told.items())
    if isinstance(found, list):
        return ", ".join(map(value, found)) or "nothing"
    text = str(found)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
