"""Recoveries and rehearsals, as far as `status` tells them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlive.model.recovery import Entry, Recovery, What, is_ended
from outlive.model.words import brief, duration, moment
from outlive.recovery.report import seconds


@dataclass(frozen=True, slots=True)
class Told:
    """A run and its journal."""

    run: Recovery
    entries: tuple[Entry, ...]

    @property
    def is_done(self) -> bool:
        return any(one.what is What.ENDED and one.said == "done" for one in self.entries)


def risks(told: Sequence[Told]) -> Iterator[str]:
    """A sentence for a run that was begun and has not ended."""
    for one in told:
        if is_ended(one.entries):
            continue
        last = next((entry for entry in reversed(one.entries) if entry.step), None)
        where = f", last {last.what} {last.step!r} at {moment(last.at)}" if last else ""
        yield f"{one.run.host}: a recovery has not ended ({one.run.id}{where}): `outlive recover --resume`, or `--undo`"


def rehearsed(told: Sequence[Told]) -> list[dict[str, Any]]:
    """The last rehearsal of each host that came to its end."""
    found: dict[str, dict[str, Any]] = {}
    for one in told:
        if one.run.rehearsal and one.is_done:
            took = seconds(one.entries)
            found[one.run.host] = {
                "host": one.run.host,
                "at": one.entries[0].at,
                "rto_seconds": took,
                "run": one.run.id,
            }
    return list(found.values())


def lines(told: Sequence[Told], now: datetime) -> list[str]:
    """The RTO of the whole stack, as it was measured."""
    return [
        f"{one['host']}: the whole stack was back in {duration(one['rto_seconds'] or 0.0)}, rehearsed "
        f"{brief(max(0.0, (now - one['at']).total_seconds()))} ago"
        for one in rehearsed(told)
    ]
