"""From the verdicts of single looks to what is believed: confirmation, hysteresis, flapping. Pure.

One bad look is often the network's; one good look between bad ones is no recovery. So a change is believed when it was seen
in so many of the last looks, and recovery only when it was seen without a break (updown.io's rule, research/watch.md 1.1:
confirm at a faster rate, the same for recovery). What changes all the time is a state of its own: flapping, told once.

Blind looks are no looks: they neither confirm nor recover, and when there is nothing but them, nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from outlive.model.verdict import Name

SHORTEST_INTERVAL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Look:
    """The verdict that one look came to."""

    at: datetime
    name: Name


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Trouble is believed when `needed` of the last `window` looks saw it, recovery after `good_in_a_row`. Flapping:
    `flap_changes` changes in the last `flap_window` looks. With the defaults, two looks in a row settle everything."""

    needed: int = 2
    window: int = 3
    good_in_a_row: int = 2
    flap_changes: int = 4
    flap_window: int = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """`name` is believed, since the first of the looks that settled it. `pending`: what the last look saw instead."""

    name: Name
    since: datetime
    pending: Name | None = None
    is_flapping: bool = False


def settled(looks: Iterable[Look], rule: Steadiness = Steadiness()) -> Settled | None:
    """From all looks, in any order. None where there was none."""
    ordered = sorted(set(looks), key=lambda look: (look.at, look.name))
    if not ordered:
        return None
    believed: Look | None = None
    seeing: list[Look] = []
    for look in ordered:
        if look.name is Name.NO_DATA:
            continue
        seeing.append(look)
        believed = _believed(believed, seeing, rule)
    if believed is None or _is_blind(ordered, rule):
        last = ordered[-1].name
        return Settled(Name.NO_DATA, _since_blind(ordered), None if last is Name.NO_DATA else last)
    last = seeing[-1].name
    flapping = (
        sum(one.name is not other.name for one, other in pairwise(seeing[-rule.flap_window :])) >= rule.flap_changes
    )
    return Settled(believed.name, believed.at, None if last is believed.name else last, flapping)


def next_look_seconds(interval_seconds: float, now: Settled | None) -> float:
    """When to look again: sooner while a change is not settled, never more often than every five seconds."""
    pending = now is None or now.pending is not None
    return max(SHORTEST_INTERVAL_SECONDS, interval_seconds / 2 if pending else interval_seconds)


def _believed(before: Look | None, seeing: Sequence[Look], rule: Steadiness) -> Look | None:
    """`at` of the answer: since when."""
    look = seeing[-1]
    if before is not None and look.name is before.name:
        return before
    if look.name is Name.SAME_MACHINE_OK:
        row = seeing[-rule.good_in_a_row :]
        is_settled = len(row) == rule.good_in_a_row and all(one.name is look.name for one in row)
        return Look(row[0].at, look.name) if is_settled else before
    recent = seeing[-rule.window :]
    same = [one for one in recent if one.name is look.name]
    bad = [one for one in recent if one.name is not Name.SAME_MACHINE_OK]
    if len(same) >= rule.needed:
        return Look(same[0].at, look.name)
    was_well = before is None or before.name is Name.SAME_MACHINE_OK
    return Look(bad[0].at, look.name) if was_well and len(bad) >= rule.needed else before


def _is_blind(ordered: Sequence[Look], rule: Steadiness) -> bool:
    last = ordered[-rule.needed :]
    return len(last) == rule.needed and all(look.name is Name.NO_DATA for look in last)


def _since_blind(ordered: Sequence[Look]) -> datetime:
    """The first of the blind looks at the end, or of all looks where there is none."""
    since = ordered[-1].at if ordered[-1].name is Name.NO_DATA else ordered[0].at
    for look in reversed(ordered):
        if look.name is not Name.NO_DATA:
            break
        since = look.at
    return since
