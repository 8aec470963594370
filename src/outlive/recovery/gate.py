"""The gate: may something that holds data be destroyed? Pure, and the only place that decides it.

In the outage that Outlive comes from, `tofu taint` and `tofu apply` destroyed a machine that still served, because another
one had been looked at (research/incident-and-provider.md 5.3). So before anything is deleted, tainted, replaced or
reinstalled, all of this must hold, each by evidence or by a person's word in writing:

1. the target is named by id, address *and* hostname, and the three belong together;
2. its identity was seen minutes ago, by our own look, not by the provider's word;
3. no address still answers as the host that would be lost, or a restore of its data is proven;
4. it is confirmed to be gone or another (verdict), or a restore is proven that is newer than the loss that was accepted;
5. what is there is kept (powered off, detached, copied in rescue mode), or that was waived in writing;
6. what comes in its place is made and serves already, or that was waived in writing.

Putting another machine in a host's place destroys nothing and passes the smaller gate (`take_over`). What a run has made
itself is given back through `give_back`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from outlive.model.verdict import Name

FRESH = timedelta(minutes=5)
TURN = timedelta(seconds=30)  # from the end of one step to the beginning of the next, on a busy machine
LOST = frozenset({Name.MACHINE_REPLACED, Name.OS_REINSTALLED, Name.DATA_REPLACED})


@dataclass(frozen=True, slots=True)
class Target:
    """What would be destroyed, by all the names that it has."""

    id: str
    address: str
    hostname: str

    def __str__(self) -> str:
        return f"{self.hostname} (id {self.id}, {self.address})"


@dataclass(frozen=True, slots=True)
class Waiver:
    """A person's word instead of evidence: who, when, what of."""

    who: str
    at: datetime
    text: str

    @staticmethod
    def read(given: Mapping[str, str] | None) -> Waiver | None:
        """As a step is given it (`recovery/act.py`)."""
        return Waiver(given["who"], datetime.fromisoformat(given["at"]), given["text"]) if given else None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known. `named` is the target in a person's own words. `seen_at`: when its identity was looked at last, by us.
    `still_answers` are the addresses that answer as the host now. `restorable_until`: every write before it is in a copy
    whose restore a drill has proven. `accepted_loss` is how much may be lost."""

    named: Target | None = None
    seen_at: datetime | None = None
    verdict: Name | None = None
    is_confirmed: bool = False
    still_answers: tuple[str, ...] = ()
    restorable_until: datetime | None = None
    accepted_loss: timedelta = timedelta(0)
    loss_accepted: Waiver | None = None
    is_quarantined: bool = False
    quarantine_waived: Waiver | None = None
    replacement_serves: bool = False
    order_waived: Waiver | None = None


class Held(StrEnum):
    """What may be on a machine that a run has made."""

    NOTHING = "nothing"  # no step was ever let in
    COPIES = "copies"  # what the vault has as well: nothing was started there, or in a rehearsal only
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Condition:
    """One of them; `why` says what was found, `cure` what would satisfy it."""

    name: str
    is_met: bool
    why: str
    cure: str = ""


def gate(target: Target, known: Circumstances, now: datetime) -> tuple[Condition, ...]:
    """All conditions; the act may go on only when each is met (`is_open`)."""
    return (
        _named(target, known),
        _seen(target, known, now),
        _silent(target, known, now),
        _lost_or_proven(target, known, now),
        _kept(target, known),
        _replaced(target, known),
    )


def take_over(host: str, known: Circumstances, now: datetime) -> tuple[Condition, ...]:
    """All conditions under which another machine may take the host's place. Two machines that both take orders lose some
    of them: so the old one is confirmed to be lost, or what it may still hold was given up in writing."""
    fresh = known.seen_at is not None and timedelta(0) <= now - known.seen_at <= FRESH
    seen = Condition(
        "seen",
        fresh,
        "every address was asked just now" if fresh else "its addresses were not asked lately",
        "`outlive check` asks them; then `outlive recover --resume`",
    )
    return (seen, _gone(host, known))


def is_current(began_at: datetime, ended_at: datetime, now: datetime) -> bool:
    """Whether a look that was taken for another step may open the gate in the place of one of its own: all of it is no
    older than `FRESH`, from its beginning, and it ended a moment ago, so that the run went on without a break."""
    return now - FRESH <= began_at <= ended_at <= now and now - ended_at <= TURN


def give_back(
    target: Target, made: Target | None, held: Held, known: Circumstances, now: datetime, *, is_kept_off: bool = False
) -> tuple[Condition, ...]:
    """All conditions under which the provider is given back a machine, with its disk. `made` is the one that this run made,
    by its journal; `known.named` the one that was named: by a person, or by a rehearsal, of what it made. `is_kept_off`:
    this run has switched it off, and it is; then it cannot be looked at, and switched on it would begin to serve."""
    ours = Condition(
        "made here",
        made == target,
        f"this run made {made}, and nothing else",
        "only what a run has made is given back by its undo",
    )
    seen = _seen(target, known, now)
    if held is Held.NOTHING:
        seen = Condition("seen", True, "nobody was ever let in there")
    elif is_kept_off:
        seen = Condition("seen", True, "this run has switched it off, and it is off still")
    word = known.loss_accepted
    if held is not Held.MORE:
        empty = Condition("empty", True, "what is on it is in the vault as well")
    elif word is not None:
        empty = Condition("empty", True, f"{word.who} gave up what was written there: {word.text}")
    else:
        why = "services were started there: it may hold what is nowhere else"
        empty = Condition("empty", False, why, 'keep it (--undo without --named), or give it up: --accept-loss "WHY"')
    return (ours, _named(target, known), seen, empty)


def _gone(host: str, known: Circumstances) -> Condition:
    name = "gone or given up"
    if known.loss_accepted is not None:
        word = known.loss_accepted
        return Condition(name, True, f"{word.who} gave up what {host} may still hold: {word.text}")
    if known.still_answers:
        there = " and ".join(known.still_answers)
        return Condition(
            name,
            False,
            f"{there} still answers as {host}: its data is there, and newer than any copy",
            f"do not replace it: ask {known.still_answers[0]}, mend it there, or take a copy from it (`outlive backup`) and "
            'give up the rest in writing: --accept-loss "WHY"',
        )
    if known.verdict in LOST and known.is_confirmed:
        return Condition(name, True, f"confirmed: {known.verdict}, and no address answers as {host}")
    verdict = "there is no verdict" if known.verdict is None else f"the verdict is {known.verdict}, not confirmed"
    cure = (
        "silence is no proof of loss: look at the machine in the provider's console; if it is to be left behind, with "
        'what was written since the last copy, say so in writing: --accept-loss "WHY"'
    )
    return Condition(name, False, verdict, cure)


def is_open(conditions: tuple[Condition, ...]) -> bool:
    return all(condition.is_met for condition in conditions)


def why_shut(conditions: tuple[Condition, ...]) -> tuple[str, str]:
    """What keeps it shut, and what would open it, for people; nothing when it is open."""
    shut = [one for one in conditions if not one.is_met]
    return "; ".join(f"{one.name}: {one.why}" for one in shut), "; ".join(one.cure for one in shut)


def _named(target: Target, known: Circumstances) -> Condition:
    if known.named == target:
        return Condition("named", True, f"{target} was named in full")
    wrong = "nobody named it" if known.named is None else f"{known.named} was named, the target is {target}"
    return Condition("named", False, wrong, "name the id, the address and the hostname, and compare all three")


def _seen(target: Target, known: Circumstances, now: datetime) -> Condition:
    if known.seen_at is not None and timedelta(0) <= now - known.seen_at <= FRESH:
        return Condition("seen", True, f"its identity was looked at {_ago(known.seen_at, now)}")
    why = (
        "its identity was never looked at" if known.seen_at is None else f"it was last seen {_ago(known.seen_at, now)}"
    )
    return Condition("seen", False, why, f"`outlive check` asks {target.address} and every other address of it")


def _silent(target: Target, known: Circumstances, now: datetime) -> Condition:
    if not known.still_answers:
        return Condition("silent", True, f"no address answers as {target.hostname}")
    why = f"{' and '.join(known.still_answers)} still answers as {target.hostname}: its data is there"
    if _proven(known, now):
        return Condition("silent", True, f"{why}, and in a copy that was proven")
    return Condition(
        "silent", False, why, f"do not destroy it: take a copy (`outlive backup`) from {known.still_answers[0]}"
    )


def _lost_or_proven(target: Target, known: Circumstances, now: datetime) -> Condition:
    if known.verdict in LOST and known.is_confirmed:
        return Condition("lost or proven", True, f"confirmed: {known.verdict}")
    if _proven(known, now):
        return Condition(
            "lost or proven", True, f"a restore was proven, of all writes up to {known.restorable_until:%F %T}Z"
        )
    if known.loss_accepted is not None:
        return Condition("lost or proven", True, f"{known.loss_accepted.who} accepted the loss in writing")
    verdict = "there is no verdict" if known.verdict is None else f"the verdict is {known.verdict}"
    sure = "" if known.is_confirmed or known.verdict is None else ", not confirmed"
    until = known.restorable_until
    copy = "no restore was ever proven" if until is None else f"the proven copy ends {_ago(until, now)}"
    cure = "`outlive backup` and `outlive drill`, or accept the loss in writing"
    return Condition("lost or proven", False, f"{verdict}{sure}, and {copy}", cure)


def _proven(known: Circumstances, now: datetime) -> bool:
    return known.restorable_until is not None and now - known.restorable_until <= known.accepted_loss


def _kept(target: Target, known: Circumstances) -> Condition:
    if known.is_quarantined:
        return Condition("kept", True, "what is on it is kept: powered off, detached or copied")
    if known.quarantine_waived is not None:
        return Condition("kept", True, f"{known.quarantine_waived.who} gave up what is on it in writing")
    cure = "power it off and keep it, or copy its disk in rescue mode; make the new one beside it first"
    return Condition("kept", False, f"the disk of {target.hostname} would be gone for good", cure)


def _replaced(target: Target, known: Circumstances) -> Condition:
    if known.replacement_serves:
        return Condition("replaced first", True, "what comes in its place serves already")
    if known.order_waived is not None:
        return Condition("replaced first", True, f"{known.order_waived.who} wants it gone first, in writing")
    cure = "make the new one beside it (`outlive recover --to`), and destroy this one when that serves"
    return Condition("replaced first", False, f"nothing serves in the place of {target.hostname} yet", cure)


def _ago(at: datetime, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    return f"{seconds:.0f} s ago" if abs(seconds) < 120 else f"{seconds / 60:.0f} min ago"
