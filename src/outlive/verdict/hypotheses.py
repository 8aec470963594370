"""Every explanation, measured by the same table, and the one cheap look that would tell it from its nearest rival. Pure.

A verdict is what may be said; hypotheses are what may be thought. They are ranked by what speaks for them less what speaks
against them, which counts double: one observation that an explanation forbids weighs more than one that it allows. The best
systems let a model write causes into prose and assert chains that nothing supports (research/watch.md 6); here the table
decides, and the missing looks are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from outlive.model.observation import Observation
from outlive.model.verdict import Name
from outlive.verdict.clues import Clue, clues
from outlive.verdict.finding import unique
from outlive.verdict.hearing import Hearing
from outlive.verdict.predictions import PREDICTIONS, ROWS

_MOST = 5


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation of what is seen at a host. `name` is a verdict's word."""

    host: str
    name: Name
    in_favour: tuple[Observation, ...]
    against: tuple[Observation, ...]
    missing: tuple[str, ...]
    next_probe: str

    @property
    def weight(self) -> int:
        return len(self.in_favour) - 2 * len(self.against)

    def to_json(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "name": self.name.value,
            "for": [one.to_json() for one in self.in_favour],
            "against": [one.to_json() for one in self.against],
            "missing": list(self.missing),
            "next_probe": self.next_probe,
        }


def hypotheses(hearings: Iterable[Hearing]) -> tuple[Hypothesis, ...]:
    """Best first, host by host; none for a host that is surely well and of which nobody claims otherwise."""
    return tuple(one for hearing in hearings for one in _of(hearing))


def _of(hearing: Hearing) -> Sequence[Hypothesis]:
    verdict = hearing.verdict
    is_well = verdict.name is Name.SAME_MACHINE_OK and verdict.confirmed
    if hearing.case.scene.blind or (is_well and not hearing.claims):
        return ()
    known = clues(hearing)
    claimed = {str(one.value.get("verdict")) for one in hearing.claims if isinstance(one.value, dict)}
    names = [name for name in PREDICTIONS if name in claimed or name is verdict.name or _has_a_mark(name, known)]
    measured = (_measured(hearing, name, known) for name in names)
    ranked = sorted(measured, key=lambda one: (one.name is not verdict.name, -one.weight))
    rivals = [one for one in ranked[1:] if not (verdict.confirmed and one.against)][: _MOST - 1]
    kept = [one for one in ranked if one.name is verdict.name or one.name in claimed or one in rivals]
    return [_with_probe(hearing, one, kept, known) for one in kept]


def _has_a_mark(name: Name, known: Sequence[Clue]) -> bool:
    """Whether something was seen that this explanation predicts, and a machine on which all is well does not."""
    well, table = PREDICTIONS[Name.SAME_MACHINE_OK], PREDICTIONS[name]
    return any(table.get(row) is holds and well.get(row) is not holds for row, holds, _ in known)


def _measured(hearing: Hearing, name: Name, known: Sequence[Clue]) -> Hypothesis:
    table = PREDICTIONS[name]
    fits = unique(one for row, holds, one in known if table.get(row) is holds)
    clashes = unique(one for row, holds, one in known if row in table and table[row] is not holds)
    open_rows = [row for row in _open_rows(hearing, known) if row in table]
    missing = tuple(dict.fromkeys(f"{ROWS[row].fact} at {_place(hearing, row)}" for row in open_rows))
    return Hypothesis(hearing.host, name, tuple(one for one in fits if one not in clashes), clashes, missing, "")


def _with_probe(hearing: Hearing, one: Hypothesis, kept: Sequence[Hypothesis], known: Sequence[Clue]) -> Hypothesis:
    """The nearest rival is the likeliest other explanation that a single look would tell apart."""
    probe = _last_resort(hearing)
    for rival in (other for other in kept if other.name is not one.name):
        row = next(_splits(one.name, rival.name, _open_rows(hearing, known)), None)
        if row is not None:
            probe = _probe(hearing, one.name, rival.name, row)
            break
    return replace(one, next_probe=probe)


def _open_rows(hearing: Hearing, known: Sequence[Clue]) -> list[str]:
    """What can be asked and nobody has looked at yet, the cheapest first."""
    seen = {row for row, _, _ in known}
    askable = (row for row in ROWS if ROWS[row].fact and row not in seen)
    return [row for row in askable if ROWS[row].where != "other" or _others(hearing)]


def _splits(one: Name, other: Name, rows: Iterable[str]) -> Iterator[str]:
    """The rows that two explanations see differently."""
    mine, its = PREDICTIONS[one], PREDICTIONS[other]
    return (row for row in rows if row in mine and row in its and mine[row] is not its[row])


def _probe(hearing: Hearing, one: Name, rival: Name, row: str) -> str:
    holds, fails = (one, rival) if PREDICTIONS[one][row] else (rival, one)
    asked, place = ROWS[row], _place(hearing, row)
    also = f" and {_home(hearing)}" if asked.where == "other" else ""
    return f"{asked.fact} at {place}{also}: {asked.holds} means {holds}, {asked.fails} {fails}"


def _place(hearing: Hearing, row: str) -> str:
    """The host's own address, whatever address people look at, unless the row is about just that one."""
    if ROWS[row].where == "name":
        return hearing.host
    return " and ".join(_others(hearing)) if ROWS[row].where == "other" else _home(hearing)


def _others(hearing: Hearing) -> list[str]:
    return [at for at in hearing.case.told if at not in hearing.case.own]


def _home(hearing: Hearing) -> str:
    return " and ".join(hearing.case.own) or hearing.host


def _last_resort(hearing: Hearing) -> str:
    if hearing.verdict.confirmed:
        return f"nothing has to be asked to tell what it is: {hearing.verdict.name} is confirmed"
    home = _home(hearing)
    return f"the provider's console of {hearing.host} ({home}): its screen, and a rescue boot that shows the disk"
