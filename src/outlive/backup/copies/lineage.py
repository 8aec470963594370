"""What the row of an asset's copies says about the asset. Pure.

An alarm means that the thing being copied may no longer be the thing that was meant, or that its copies may not be
good. While there is one, nothing of the asset is pruned (`retention.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median

from outlive.model.chain import CLUSTER_BYTES
from outlive.model.copy import Copy, Proof, ProofRecord

COLLAPSE = 0.10  # a copy below this share of the median of the three before it has collapsed


class AlarmKind(StrEnum):
    """Why a person should look."""

    NEW_LINEAGE = "new lineage"
    COLLAPSED = "collapsed"
    RED_DRILL = "red drill"
    BROKEN_CHAIN = "broken chain"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What was seen and what it means for the data (`text`), and what to do (`cure`)."""

    kind: AlarmKind
    text: str
    cure: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text} {self.cure}"


def alarms(copies: Sequence[Copy], accepted: Collection[str]) -> tuple[Alarm, ...]:
    """The alarms of one asset, from all its copies and the lineages that a person has accepted."""
    ordered = in_order(copies)
    found = (_new_lineage(ordered, accepted), _collapsed(ordered), _red(ordered) or _broken(ordered))
    return tuple(alarm for alarm in found if alarm is not None)


def in_order(copies: Sequence[Copy]) -> list[Copy]:
    """As they were committed: by the asset's own count, which no clock can move."""
    return sorted(copies, key=lambda copy: (copy.manifest.sequence, copy.committed_at, copy.id))


def newest_proven(ordered: Sequence[Copy]) -> Copy | None:
    """The newest of the copies with the best proof; None when no whole copy is proven at all (only stored)."""
    best = best_copy(ordered)
    return best if best is not None and best.proof is not Proof.STORED else None


def best_copy(ordered: Sequence[Copy]) -> Copy | None:
    """The newest of the whole copies with the best proof among them; None when every copy is damaged."""
    whole = [copy for copy in ordered if not copy.is_damaged]
    rank = max((copy.proof.rank for copy in whole), default=0)
    return next((copy for copy in reversed(whole) if copy.proof.rank == rank), None)


def _new_lineage(ordered: Sequence[Copy], accepted: Collection[str]) -> Alarm | None:
    if not ordered or ordered[-1].manifest.lineage in accepted:
        return None
    new = ordered[-1].manifest.lineage
    before = next((copy for copy in reversed(ordered) if copy.manifest.lineage != new), None)
    if before is None:
        return None
    position = max(i for i, copy in enumerate(ordered) if copy is before)
    first = ordered[position + 1]
    return Alarm(
        AlarmKind.NEW_LINEAGE,
        f"since copy {first.id} ({day(first.committed_at)}) what answers as {first.manifest.asset} is {new}; until "
        f"copy {before.id} ({day(before.committed_at)}) it was {before.manifest.lineage}. It may be a new, empty database "
        "behind the same address. Pruning is frozen; the earlier copies stay.",
        f"If this is intended: `outlive copies --accept {new}`. If not: do not touch the old machine, and restore "
        f"from {before.id}.",
    )


def _collapsed(ordered: Sequence[Copy]) -> Alarm | None:
    """Looks at every copy since the best proven one: a few small copies in a row do not become normal by themselves."""
    for position in range(len(ordered) - 1, _since_proven(ordered) - 1, -1):
        copy = ordered[position]
        size, usual = _sizes(copy, ordered[:position])
        if size < COLLAPSE * usual:
            return Alarm(
                AlarmKind.COLLAPSED,
                f"copy {copy.id} holds {size} bytes, the ones before it about {int(usual)}: most "
                f"of {copy.manifest.asset} may be gone at its source. Pruning is frozen.",
                f"Look at the source. If it is meant to be so small: `outlive drill {copy.manifest.asset}` proves the "
                "new copy and ends this alarm.",
            )
    return None


def _sizes(copy: Copy, earlier: Sequence[Copy]) -> tuple[int, float]:
    """How large it is, and the three before it usually were: of the whole cluster, where both are known (a copy of what
    changed is always small); else of the copies that stand alone."""
    same = [one.manifest for one in earlier if one.manifest.lineage == copy.manifest.lineage]
    told = [one.source[CLUSTER_BYTES] for one in same if CLUSTER_BYTES in one.source]
    if told and CLUSTER_BYTES in copy.manifest.source:
        return copy.manifest.source[CLUSTER_BYTES], median(told[-3:])
    alone = [one.plain_bytes for one in same if one.parent is None]
    return copy.manifest.plain_bytes, median(alone[-3:]) if alone and copy.manifest.parent is None else 0


def _since_proven(ordered: Sequence[Copy]) -> int:
    """Where the copies begin that are newer than the best proven one."""
    proven = newest_proven(ordered)
    return ordered.index(proven) + 1 if proven else 0


def _broken(ordered: Sequence[Copy]) -> Alarm | None:
    """A copy newer than the best proven one builds on what is not there or not whole."""
    found = [copy for copy in ordered[_since_proven(ordered) :] if copy.broken]
    if not found:
        return None
    asset = found[-1].manifest.asset
    return Alarm(
        AlarmKind.BROKEN_CHAIN,
        f"copy {found[-1].id} is not counted on: {found[-1].broken}. Pruning is frozen.",
        f"Take a new copy and prove it: `outlive backup {asset}`, then `outlive drill {asset}`.",
    )


def _red(ordered: Sequence[Copy]) -> Alarm | None:
    """Red when the asset's last verification or drill failed, or one of a copy newer than the best proven one."""
    suspects = [copy for copy in ordered[_since_proven(ordered) :] if copy.is_damaged and not copy.broken]
    records = [record for copy in ordered for record in copy.proofs]
    last = max(records, key=_by_time, default=None)
    if last is None or (last.ok and not suspects):
        return None
    red = last if not last.ok else max(suspects[-1].proofs, key=_by_time)
    act = "drill" if red.level is Proof.RESTORED else "verification"
    failed = "; ".join(f"{check.name}: {check.detail}".rstrip(": ") for check in red.checks if check.ok is False)
    return Alarm(
        AlarmKind.RED_DRILL,
        f"the {act} of copy {red.copy} at {day(red.at)} failed{f' ({failed})' if failed else ''}. That copy is not "
        "counted on, and pruning is frozen.",
        f"Take a new copy and prove it: `outlive backup {red.asset}`, then `outlive drill {red.asset}`.",
    )


def _by_time(record: ProofRecord) -> tuple[datetime, bool]:
    return record.at, not record.ok  # of two at the same moment the red one counts


def day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
