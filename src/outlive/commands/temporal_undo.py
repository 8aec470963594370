"""What taking a restore back comes to: from what was there before, what was restored, and what is there now. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from outlive.commands.temporal import Export, Namespace, Schedule
from outlive.commands.temporal_compare import alike, compare

Named = tuple[str, Schedule]


@dataclass(frozen=True, slots=True)
class TakingBack:
    """`made`: to be deleted, for the restore made them. `changed`, `namespaces`: as they were before, to be put back.
    `left`: somebody has changed them since, or the API cannot take them back."""

    made: tuple[Named, ...]
    changed: tuple[Named, ...]
    namespaces: tuple[Namespace, ...]
    left: tuple[str, ...]


def taking_back(before: Export, wanted: Export, now: Export) -> TakingBack:
    """Whether a schedule is paused does not count: a person may have let it run since, and it is ours all the same."""
    was, ours, there = _known(before), _known(wanted), _known(now)
    made, changed, left = [], [], []
    for key, schedule in there.items():
        if key not in ours or (key in was and alike(was[key], schedule)):
            continue
        if not alike(ours[key], schedule):
            left.append("/".join(key))
        elif key not in was:
            made.append((key[0], schedule))
        else:
            changed.append((key[0], was[key]))
    names = {one.name for one in before.namespaces}
    left += [f"namespace {one.name}" for one in wanted.namespaces if one.name not in names]
    return TakingBack(tuple(made), tuple(changed), tuple(_namespaces(before, now)), tuple(left))


def _namespaces(before: Export, now: Export) -> Iterator[Namespace]:
    differing = {one.name for one in compare(before, now).namespaces_differing}
    yield from (one for one in before.namespaces if one.name in differing)


def _known(export: Export) -> dict[tuple[str, str], Schedule]:
    return {(one.name, each.id): each for one in export.namespaces for each in one.schedules}
