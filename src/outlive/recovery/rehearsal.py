"""Rehearsals that come round by themselves: which runbook is fit for one, what one has to wait for, what it has left, and
when one is late. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from outlive.model.incident import Incident, Urgency
from outlive.model.recovery import Entry as Line
from outlive.model.recovery import Recovery, What, begun_steps, is_ended
from outlive.model.schedule import REHEARSAL
from outlive.model.verdict import Name
from outlive.recovery.destination import ordering
from outlive.recovery.runbook import Entry

CLEARED = "cleared"  # the end of a rehearsal of which nothing is left on the scratch machine
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
    ended = [run.began_at for run, journal in runs if run.host == host and is_whole(run, journal)]
    return max(ended, default=None)


def waits_for(host: str, runs: Iterable[tuple[Recovery, Sequence[Line]]], incidents: Iterable[Incident]) -> str:
    """Why the host is not to be rehearsed now, in words; "" when nothing speaks against it. While somebody recovers, or
    something urgent is wrong with the host, nobody needs a second production beside it. That the last rehearsal failed is
    no such reason: else it would never be tried again; nor is that nothing is known of the host."""
    for run, journal in runs:
        if not run.rehearsal and not is_ended(journal):
            return f"the recovery {run.id} has not ended"
    for one in incidents:
        trouble = one.trouble
        counts = not trouble.cause.startswith(f"{REHEARSAL}:") and trouble.name != Name.NO_DATA
        if one.ended_at is None and trouble.host == host and trouble.urgency > Urgency.LOW and counts:
            return f"incident {one.id} is open: {trouble.what}"
    return ""


def stands(run: Recovery, journal: Sequence[Line]) -> bool:
    """Whether it came to its end and nobody has taken it down: a second production, maybe on a machine that is paid for."""
    return run.rehearsal and _is_done(journal) and bool(begun_steps(journal))


def uncleared(runs: Iterable[tuple[Recovery, Sequence[Line]]], to: str) -> list[tuple[Recovery, Sequence[Line]]]:
    """The rehearsals on that machine that were taken back, while what was kept aside there (a copy of production's data) was
    not removed: a kill came in between, or a person took it back."""
    return [
        (run, journal)
        for run, journal in runs
        if run.rehearsal
        and run.to == to
        and any(one.what is What.DOING for one in journal)
        and not begun_steps(journal)
        and not any(one.what is What.ENDED and one.said == CLEARED for one in journal)
    ]


def _is_done(journal: Iterable[Line]) -> bool:
    return any(one.what is What.ENDED and one.said == "done" for one in journal)


def is_whole(run: Recovery, journal: Iterable[Line]) -> bool:
    """A rehearsal of the host on another machine that came to its end. One of a move to somebody else's database is none:
    nothing but that was measured."""
    return run.rehearsal and bool(run.to or ordering(run)) and _is_done(journal)


def is_late(last: datetime | None, every_seconds: float, now: datetime) -> bool:
    """Whether the last whole rehearsal is too long ago. What was never rehearsed is not late: it is not begun, or failed,
    which is an alarm of its own."""
    return last is not None and now - last > timedelta(seconds=LATE_PERIODS * every_seconds)
