"""Copies that build on one another: a full copy and, after it, copies that hold only what changed. Pure.

A copy that builds on others is worth nothing without every one of them. So it counts only as long as they are all there,
whole, and the very ones on which it was taken; and whoever keeps it keeps them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from outlive.model.chain import FROM_LSN, MOST, Full, Origin
from outlive.model.copy import Copy, Manifest


def linked(ordered: Sequence[Copy]) -> tuple[Copy, ...]:
    """The copies of an asset (in the order of their commits), each with what breaks its chain, if anything does."""
    found: dict[str, Copy] = {}
    for copy in ordered:
        found[copy.id] = replace(copy, broken=_broken(copy.manifest, found))
    return tuple(found[copy.id] for copy in ordered)


def misfit(manifest: Manifest, parent: Manifest) -> str:
    """Why the one does not build on the other, whatever it says; nothing when it does."""
    if manifest.lineage != parent.lineage or manifest.kind != parent.kind:
        return f"it is of {parent.lineage}, not of {manifest.lineage}"
    if parent.sequence >= manifest.sequence:
        return "it is not older"
    if manifest.source.get("timeline") != parent.source.get("timeline"):
        return f"it is of timeline {parent.source.get('timeline')}, not {manifest.source.get('timeline')}"
    if manifest.source.get(FROM_LSN) != parent.source.get("start_lsn"):
        return f"it began at {parent.source.get('start_lsn')}, not at {manifest.source.get(FROM_LSN)}"
    return ""


def ancestors(manifest: Manifest, known: Mapping[str, Copy]) -> tuple[Manifest, ...]:
    """What the copy builds on, as far as it is known, the oldest first; nothing for a full copy."""
    row: list[Manifest] = []
    newer = manifest
    while newer.parent is not None and (parent := known.get(newer.parent)) is not None:
        if parent.manifest.sequence >= newer.sequence:
            break  # not older: a forged manifest must not lead us round in a circle
        newer = parent.manifest
        row.append(newer)
    return tuple(reversed(row))


def parents_first(ordered: Sequence[Copy]) -> Iterator[Copy]:
    """The newest copies first, but before each of them what it builds on."""
    known, done = by_id(ordered), set[str]()
    for copy in reversed(ordered):
        for one in (*ancestors(copy.manifest, known), copy.manifest):
            if one.id not in done:
                done.add(one.id)
                yield known[one.id]


def children_first(ordered: Sequence[Copy]) -> Iterator[Copy]:
    """The oldest copies first, but before each of them what builds on it, the newest of that first."""
    known, done = by_id(ordered), set[str]()
    for copy in ordered:
        after = [one for one in ordered if copy.manifest in ancestors(one.manifest, known)]
        for one in (*reversed(after), copy):
            if one.id not in done:
                done.add(one.id)
                yield one


def needed_by(ordered: Sequence[Copy], kept: Collection[str]) -> dict[str, str]:
    """What the kept copies build on: the id of each such copy, with that of the newest kept one that needs it."""
    known = by_id(ordered)
    return {one.id: copy.id for copy in ordered if copy.id in kept for one in ancestors(copy.manifest, known)}


def furthest(copy: Copy, ordered: Sequence[Copy]) -> Copy:
    """The newest whole copy that builds on this one, or this one: who reads that, reads all between them."""
    known = by_id(ordered)
    after = [one for one in ordered if not one.is_damaged and copy.manifest in ancestors(one.manifest, known)]
    return after[-1] if after else copy


def saved_bytes(manifest: Manifest, known: Mapping[str, Copy]) -> int:
    """How much less is stored than with another full copy like the one at the beginning of the chain."""
    first = next(iter(ancestors(manifest, known)), manifest)
    return 0 if first.parent else max(0, first.stored_bytes - manifest.stored_bytes)


def offer(ordered: Sequence[Copy], origin: Origin, recipients: Collection[str]) -> Copy | Full:
    """The copy on which the next one of this cluster may build, or why it must be a full one. Only the newest copy is
    ever built on, and only when a single key opens all of its chain, as it opens the new one."""
    if not ordered:
        return Full("there is no earlier copy")
    newest = ordered[-1]
    manifest = newest.manifest
    if manifest.kind != "postgres":
        return Full(f"the newest copy {newest.id} is of kind {manifest.kind}")
    if manifest.lineage != origin.lineage:
        return Full(f"the newest copy {newest.id} is of {manifest.lineage}, and this is {origin.lineage}", True)
    if newest.is_damaged:
        return Full(newest.broken or f"the newest copy {newest.id} is damaged", True)
    if manifest.source["timeline"] != origin.timeline:
        return Full(f"copy {newest.id} is of timeline {manifest.source['timeline']}, now it is {origin.timeline}", True)
    if manifest.source.get("data_checksums") != origin.data_checksums:
        return Full(f"data checksums were switched on or off since copy {newest.id}", True)
    if set(manifest.recipients) != set(recipients):
        return Full(f"the keys have changed since copy {newest.id}")
    if len(ancestors(manifest, by_id(ordered))) >= MOST:
        return Full(f"{MOST} copies build on one another already")
    return newest


def by_id(copies: Sequence[Copy]) -> dict[str, Copy]:
    return {copy.id: copy for copy in copies}


def _broken(manifest: Manifest, earlier: Mapping[str, Copy]) -> str:
    if manifest.parent is None:
        return ""
    parent = earlier.get(manifest.parent)
    what = f"copy {manifest.parent}, on which copy {manifest.id} builds,"
    if parent is None:
        return f"{what} is missing or cannot be read"
    if why := misfit(manifest, parent.manifest):
        return f"{what} is another one: {why}"
    if parent.is_damaged:
        return parent.broken or f"{what} is damaged"
    return ""
