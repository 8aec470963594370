"""Acknowledged commits, and how long each of them was nowhere but on production. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commit:
    """Row `number`, acknowledged `at` (seconds of this machine's clock); its log ends at or before `position`."""

    number: int
    at: float
    position: int


@dataclass(frozen=True, slots=True)
class Held:
    """At that moment a guard was first seen to hold all log before `position`."""

    at: float
    position: int


@dataclass(frozen=True, slots=True)
class Lost:
    """What did not come back: how many rows, and the seconds between the oldest lost acknowledgement and the end."""

    rows: int
    seconds: float


def delays(commits: Sequence[Commit], held: Sequence[Held]) -> list[float]:
    """Seconds from each acknowledgement until the guard held the commit; both in the order of time. Infinite for one
    that it never held."""
    waits, place = [], 0
    for commit in commits:
        while place < len(held) and held[place].position < commit.position:
            place += 1
        waits.append(max(0.0, held[place].at - commit.at) if place < len(held) else math.inf)
    return waits


def lost(commits: Iterable[Commit], restored: frozenset[int], died_at: float) -> Lost:
    """Of what had been acknowledged when production died."""
    missing = [one for one in commits if one.number not in restored]
    return Lost(len(missing), max((died_at - one.at for one in missing), default=0.0))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of all is not above (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
