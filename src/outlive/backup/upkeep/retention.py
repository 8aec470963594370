"""Which copies may go, and why. Pure: `prune.py` prints the reasons and does the deleting.

What never happens, whatever the policy and whatever clocks said (tests/backup/upkeep/test_retention.py holds it):
the newest copy with the best proof and everything newer stays; nothing goes while the asset has an alarm or no proven
copy; every lineage keeps its best copy; damaged copies take nobody's place; what a kept copy builds on is kept with it.

Order is the asset's own count of commits. Calendar time is the vault's clock, and only where it agrees with that order
and does not lie in the future: k copies with whatever times can cost at most k of the oldest calendar places.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from outlive.backup.copies.chain import needed_by
from outlive.backup.copies.lineage import Alarm, alarms, best_copy, in_order, newest_proven
from outlive.model.copy import Copy, Proof

FUTURE = timedelta(minutes=10)  # how far the vault's clock may be ahead of ours before its times are not believed

UNKNOWN_AGE = "the vault's clock contradicts the order of commits, so its age is not known"
UNPROVEN = "nothing goes as long as no copy is proven: `outlive drill` or `outlive verify` proves one"


@dataclass(frozen=True, slots=True)
class Policy:
    """How many copies to keep: the last ones, and the first of each of so many days, weeks and months (UTC) that have
    one. `require_proof`: nothing goes before a copy was verified or drilled."""

    last: int = 7
    daily: int = 14
    weekly: int = 8
    monthly: int = 12
    require_proof: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a copy, and the sentences that say why."""

    copy: Copy
    keep: bool
    reasons: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.copy.id


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decisions on every copy in commit order; the alarms; how many copies would go but for `frozen`."""

    decisions: tuple[Decision, ...]
    alarms: tuple[Alarm, ...] = ()
    frozen: tuple[str, ...] = ()
    held_back: int = 0


def decide(
    copies: Sequence[Copy],
    policy: Policy,
    now: datetime,
    *,
    accepted: Collection[str] = (),
    forgotten: Collection[str] = (),
) -> Verdict:
    """Decides on all copies of one asset.

    `accepted`: lineages that a person called intended. `forgotten`: old lineages that a person gave up, so that not
    even their best copy must stay; the newest lineage cannot be forgotten.
    """
    ordered = in_order(copies)
    reasons: dict[str, list[str]] = {copy.id: [] for copy in ordered}
    for keep in (
        _by_proof(ordered),
        _by_lineage(ordered, forgotten),
        _by_count(ordered, policy),
        _by_calendar(ordered, policy, now),
    ):
        for copy_id, reason in keep:
            reasons[copy_id].append(reason)
    for copy_id, child in needed_by(ordered, {one for one, kept in reasons.items() if kept}).items():
        reasons[copy_id].append(f"copy {child} builds on it")
    found = alarms(ordered, accepted)
    frozen = tuple(f"frozen, {alarm}" for alarm in found)
    if policy.require_proof and newest_proven(ordered) is None:
        frozen += (UNPROVEN,)
    decisions = tuple(
        Decision(copy, bool(kept or frozen), (*kept, *frozen) or (_why_not(copy, policy),))
        for copy, kept in ((copy, tuple(reasons[copy.id])) for copy in ordered)
    )
    held = sum(not kept for kept in reasons.values()) if frozen else 0
    return Verdict(decisions, found, frozen, held)


_Reasons = list[tuple[str, str]]


def _by_proof(ordered: Sequence[Copy]) -> _Reasons:
    best = best_copy(ordered)
    if best is None:
        return [(copy.id, "no copy of this asset is known to be whole") for copy in ordered]
    position = ordered.index(best)
    name = "newest copy" if best.proof is Proof.STORED else f"newest {best.proof} copy"
    newer = [(copy.id, f"newer than the {name}") for copy in ordered[position + 1 :]]
    return [(best.id, name), *newer]


def _by_lineage(ordered: Sequence[Copy], forgotten: Collection[str]) -> _Reasons:
    kept: _Reasons = []
    lineages = dict.fromkeys(copy.manifest.lineage for copy in ordered)
    for lineage in lineages:
        of_lineage = [copy for copy in ordered if copy.manifest.lineage == lineage]
        if lineage in forgotten and lineage != ordered[-1].manifest.lineage:
            continue
        kept.append(((best_copy(of_lineage) or of_lineage[-1]).id, f"best copy of lineage {lineage}"))
    return kept


def _by_count(ordered: Sequence[Copy], policy: Policy) -> _Reasons:
    whole = [copy for copy in reversed(ordered) if not copy.is_damaged]
    return [(copy.id, f"last {count} of {policy.last}") for count, copy in enumerate(whole[: policy.last], 1)]


def _by_calendar(ordered: Sequence[Copy], policy: Policy, now: datetime) -> _Reasons:
    """The first copy of each period, so that no later copy takes an earlier one's place. A copy without a believable
    time takes nobody's place either, and stays as long as anything that may be older than it stays."""
    whole = [copy for copy in ordered if not copy.is_damaged]
    timed = _believable(whole, now)
    kept: dict[int, list[str]] = {}
    for name, count, period in _periods(policy):
        first: dict[str, int] = {}
        for index in timed:
            first.setdefault(period(whole[index].committed_at), index)
        for key, index in list(first.items())[max(0, len(first) - count) :]:
            kept.setdefault(index, []).append(f"{name} {key}")
    oldest = min(kept, default=len(whole))
    for index in sorted(set(range(len(whole))) - set(timed)):
        following = next((later for later in timed if later > index), len(whole))
        if following >= oldest:
            kept[index] = [UNKNOWN_AGE]
    return [(whole[index].id, reason) for index in sorted(kept) for reason in kept[index]]


def _believable(ordered: Sequence[Copy], now: datetime) -> list[int]:
    """The positions of the largest set of copies whose times rise with their order and are not in the future
    (the longest non-decreasing subsequence, by patience sorting)."""
    tails: list[datetime] = []
    tops: list[int] = []
    before: dict[int, int | None] = {}
    for index, copy in enumerate(ordered):
        if copy.committed_at > now + FUTURE:
            continue
        length = bisect_right(tails, copy.committed_at)
        before[index] = tops[length - 1] if length else None
        if length == len(tails):
            tails.append(copy.committed_at)
            tops.append(index)
        else:
            tails[length], tops[length] = copy.committed_at, index
    row: list[int] = []
    step = tops[-1] if tops else None
    while step is not None:
        row.append(step)
        step = before[step]
    return row[::-1]


def _periods(policy: Policy) -> tuple[tuple[str, int, Callable[[datetime], str]], ...]:
    return (
        ("daily", policy.daily, lambda moment: f"{moment:%Y-%m-%d}"),
        ("weekly", policy.weekly, lambda moment: f"{moment:%G-W%V}"),
        ("monthly", policy.monthly, lambda moment: f"{moment:%Y-%m}"),
    )


def _why_not(copy: Copy, policy: Policy) -> str:
    if copy.is_damaged:
        return "damaged, and a newer copy is proven"
    kept = f"last {policy.last}, {policy.daily} days, {policy.weekly} weeks, {policy.monthly} months"
    return f"older than what the policy keeps ({kept}) or not the first of its period"
