"""Rehearsals that come round by themselves: which runbook is fit for one, and when one is late. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from outlive.model.recovery import Entry as Line
from outlive.model.recovery import Recovery, What
from outlive.recovery.runbook import Entry

LATE_PERIODS = 2  # as drills: it may run long, or be missed once
# What works on the scratch machine alone, or only looks; every other kind is refused until somebody has thought about it.
SAFE = frozenset(
    {
        "cluster",
        "config",
        "create-machine",
        "databases",
        "docker",
        "evidence",
        "hold-schedules",
        "image-copy",
        "images",
        "machine",
        "page",
        "path",
        "schedules",
        "stack",
        "start",
        "tofu-machine",
        "volume",
    }
)


def unfit(entries: Iterable[Entry]) -> list[str]:
    """The steps by which a rehearsal could touch the host itself, its users, DNS, CI or the configuration."""
    return [
        one.name
        for one in entries
        if one.kind not in SAFE or one.args.get("on") == "old" or one.args.get("same") or one.args.get("also")
    ]


def last_whole(runs: Iterable[tuple[Recovery, Sequence[Line]]], host: str) -> datetime | None:
    """When the last rehearsal of the host began that came to its end."""
    ended = [run.began_at for run, journal in runs if run.host == host and run.rehearsal and _is_done(journal)]
    return max(ended, default=None)


def _is_done(journal: Sequence[Line]) -> bool:
    return any(one.what is What.ENDED and one.said == "done" for one in journal)


def is_late(last: datetime | None, every_seconds: float, now: datetime) -> bool:
    """Whether the last whole rehearsal is too long ago. What was never rehearsed is not late: it is not begun, or failed,
    which is an alarm of its own."""
    return last is not None and now - last > timedelta(seconds=LATE_PERIODS * every_seconds)
