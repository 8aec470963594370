"""Which log between copies may go, and why. Pure: `prune_log.py` lists and deletes.

A window begins with a base copy, so log from before every copy that stays opens nothing. What never happens
(tests/backup/upkeep/test_log_retention.py holds it): a moment that a kept copy reaches can be reached no more; the end of
the log goes, where the stream goes on; anything goes while the asset is frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from outlive.backup.log.log_buffer import floor
from outlive.backup.log.wal_names import Stretch
from outlive.backup.log.windows import Base, base_of, branch_of
from outlive.commands.wal import show
from outlive.model.copy import Copy, Manifest

IDLE = timedelta(days=7)  # log that no copy opens may be of a copy that is still to come: it stays for so long


@dataclass(frozen=True, slots=True)
class LogObject:
    """One object of log; no `stretch` when it is a history, or when no copy tells how long segments are."""

    key: str
    bytes: int
    modified_at: datetime
    stretch: Stretch | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a lineage's log, from the listing alone."""

    lineage: str
    began: datetime | None
    objects: tuple[LogObject, ...]

    @property
    def newest_at(self) -> datetime | None:
        """When something was added last, by the vault's clock."""
        return max((one.modified_at for one in self.objects), default=None)


@dataclass(frozen=True, slots=True)
class LogDecision:
    """What becomes of a branch: the objects that go, oldest first, and why those and no more."""

    branch: Branch
    going: tuple[LogObject, ...]
    reasons: tuple[str, ...]

    @property
    def going_bytes(self) -> int:
        return sum(one.bytes for one in self.going)


def decide_log(
    branches: Sequence[Branch], staying: Sequence[Copy], now: datetime, *, frozen: Sequence[str] = ()
) -> tuple[LogDecision, ...]:
    """On all branches of one asset's log (of each lineage its first, then the others in the order in which they began).
    `staying` are the copies that are there and stay, damaged ones too: a later drill may call them whole. `now` is ours;
    where the vault's clock is behind it, that one counts."""
    if frozen:
        return tuple(LogDecision(one, (), tuple(frozen)) for one in branches)
    seen = [copy.committed_at for copy in staying] + [at for one in branches if (at := one.newest_at)]
    today = min([now, max(seen, default=now)])
    newest = max(staying, key=lambda copy: copy.manifest.sequence, default=None)
    decisions: list[LogDecision] = []
    for own in _by_lineage(branches):
        is_current = newest is None or newest.manifest.lineage == own[0].lineage
        for branch, bases in _opened(own, staying):
            decisions.append(_decide(branch, bases, is_current and branch is own[-1], today))
    return tuple(decisions)


def unneeded(branches: Sequence[Branch], staying: Sequence[Copy]) -> set[str]:
    """The keys of log from before every copy of its branch; of branches without a copy none."""
    opened = [pair for own in _by_lineage(branches) for pair in _opened(own, staying) if pair[1]]
    return {one.key for branch, bases in opened for one in _before(branch, _first(bases)[1])}


def _by_lineage(branches: Sequence[Branch]) -> list[list[Branch]]:
    names = dict.fromkeys(one.lineage for one in branches)
    return [[one for one in branches if one.lineage == name] for name in names]


def _opened(own: Sequence[Branch], staying: Iterable[Copy]) -> list[tuple[Branch, list[Base]]]:
    """The branches of one lineage, each with the base copies that open it."""
    manifests = [copy.manifest for copy in staying if copy.manifest.kind == "postgres"]
    bases = [_base(manifest) for manifest in manifests if manifest.lineage == own[0].lineage]
    return [(branch, [base for base in bases if branch_of(own, base.since) is branch]) for branch in own]


def _base(manifest: Manifest) -> Base:
    """One that does not say where its log begins needs all of it."""
    try:
        return base_of(manifest)
    except (KeyError, ValueError):
        return Base(manifest.id, 0, 0, 0, manifest.data_until, 1)


def _decide(branch: Branch, bases: Sequence[Base], is_written: bool, today: datetime) -> LogDecision:
    if bases:
        first, needed = _first(bases)
        return LogDecision(branch, _before(branch, needed), (f"copy {first.copy} needs it from {show(needed)} on",))
    if is_written:
        return LogDecision(branch, (), ("no copy opens it yet; the stream goes on here",))
    newest_at = branch.newest_at
    if newest_at is None or today - newest_at < IDLE:
        return LogDecision(branch, (), (f"no copy opens it, but something was added within {IDLE.days} days",))
    why = f"no copy is left that opens it, and nothing was added since {newest_at:%Y-%m-%d}"
    return LogDecision(branch, branch.objects, (why,))


def _first(bases: Sequence[Base]) -> tuple[Base, int]:
    """The copy that needs log from furthest back, and from where: the segment in which it begins."""
    first = min(bases, key=lambda base: (base.start, base.since))
    return first, floor(first.start, first.segment_bytes)


def _before(branch: Branch, needed: int) -> tuple[LogObject, ...]:
    """What ends before `needed`, oldest first, but for the newest stretch: the stream goes on behind it. A mark right at
    `needed` says until when nothing was written there, and stays. Histories stay: they are small, and every later
    timeline needs its own."""
    parsed = [(one, one.stretch) for one in branch.objects if one.stretch is not None]
    end = max((stretch.end for _, stretch in parsed), default=0)
    going = [
        (one, stretch)
        for one, stretch in parsed
        if (stretch.end < needed or (stretch.end == needed and stretch.start < needed)) and stretch.end < end
    ]
    return tuple(one for one, stretch in sorted(going, key=lambda pair: (pair[1].start, pair[1].timeline, pair[0].key)))


def without_locked(decision: LogDecision, until: Mapping[str, datetime]) -> LogDecision:
    """The same without what the vault keeps locked `until` then, by key."""
    held = [until[one.key] for one in decision.going if one.key in until]
    if not held:
        return decision
    going = tuple(one for one in decision.going if one.key not in until)
    why = f"{len(held)} objects would go but are locked, the last until {max(held):%Y-%m-%d}"
    return replace(decision, going=going, reasons=(*decision.reasons, why))
