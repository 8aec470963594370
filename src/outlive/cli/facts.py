"""Facts as people read them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from outlive.model.observation import Observation
from outlive.watch.three_ways import Row

_TOLD = ("url", "status", "error", "why", "volume", "state", "names", "serial", "not_after", "port", "at")
LONGEST = 70


def showing(one: Observation) -> str:
    """`ssh.host_key at 203.0.113.9: SHA256:...`."""
    cluster = f" ({one.cluster})" if one.cluster else ""
    return f"{one.fact} at {one.subject}{cluster}: {value(_brief(one))}"


def _brief(one: Observation) -> Any:
    """A container without what only a machine reads."""
    if one.fact != "container" or one.error:
        return one.value
    kept = (
        "project",
        "service",
        "started_at",
        "restart_count",
        "exit_code",
        "health",
        "health_lacks",
        "child_oom_kills",
    )
    told = {key: one.value[key] for key in kept if one.value.get(key) not in (None, "none")}
    return told | {"deaths in the last hour": len(one.value.get("deaths") or ())}


def parting(rows: Iterable[Row]) -> Iterator[str]:
    """Where state, API and machine part; nothing where they agree."""
    told = [one for one in rows if one.parts]
    yield from ("", "State, provider and machine part:") if told else ()
    for one in told:
        each = (("state", one.state), ("API", one.api), ("machine", one.machine))
        said = [f"{by} {value(list(of))}" for by, of in each if of]
        taken = [f"and somebody else than {one.host} answers there"] if one.taken else []
        yield f"  {'ALARM' if one.is_alarm else 'note'}: {one.host}, {one.attribute}: {'; '.join(said + taken)}"


def value(found: Any) -> str:
    """A value in one line, without what nobody reads."""
    if isinstance(found, dict):
        told = {key: found[key] for key in _TOLD if key in found} or found
        return ", ".join(f"{key} {value(one)}" for key, one in told.items())
    if isinstance(found, list):
        return ", ".join(map(value, found)) or "nothing"
    text = str(found)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
