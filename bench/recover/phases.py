"""What a run's journal says of where the time went. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

PHASES: Mapping[str, tuple[str, ...]] = {
    "evidence, gate": ("keep the evidence", "gate"),
    "machine ordered and up": ("order", "new machine"),
    "docker, configuration, images": ("docker", "configuration", "stack", "images"),
    "volumes": ("volume", "path"),
    "clusters": ("cluster",),
    "start": ("start",),
    "databases checked": ("databases",),
    "page": ("page",),
    "DNS": ("dns",),
}


def phases(gone_at: datetime, done: Iterable[tuple[str, datetime]]) -> dict[str, float]:
    """Seconds from the end of one phase to the end of the next, the first from `gone_at`; `done` is when each step was done
    for the first time. Kills and resumptions fall into the phase in which they were."""
    ends: dict[str, datetime] = {}
    for step, at in done:
        for name, steps in PHASES.items():
            if step in steps or any(step.startswith(f"{one} ") for one in steps):
                ends[name] = max(at, ends.get(name, at))
    found, before = {}, gone_at
    for name in PHASES:
        if name in ends:
            found[name] = (ends[name] - before).total_seconds()
            before = ends[name]
    return found


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Median and worst."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    half = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return half, ordered[-1]
