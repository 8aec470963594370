"""`take-over`: the gate before another machine takes a host's place. Nothing is destroyed by that, yet two machines that
both take orders lose some of them for good: so the old one must be silent, or confirmed to be lost, or the loss accepted
in writing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from outlive.errors import NoData, Refused
from outlive.recovery import kept_look
from outlive.recovery.gate import Circumstances, Condition, Waiver, is_open, take_over, why_shut
from outlive.recovery.kept_look import KeptLook
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World


@dataclass(frozen=True, slots=True)
class Judged:
    """What one look comes to at the gate."""

    known: Circumstances
    conditions: tuple[Condition, ...]

    def facts(self) -> dict[str, Any]:
        return {
            "verdict": self.known.verdict,
            "confirmed": self.known.is_confirmed,
            "still_answers": list(self.known.still_answers),
            "conditions": [f"{one.name}: {one.why}" for one in self.conditions],
        }


class TakeOver(Manners):
    """Judges the look that was kept as evidence while that is as good as one of its own (`kept_look`), else, and before it
    refuses, it looks at every address itself; what was found is a fact of the run: `verdict`, `still_answers`."""

    effect = Effect.READS
    attempts = 1
    works_there = False
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return (
            f"refuses to go on while an address still answers as {world.host.name}, unless that was accepted in writing"
        )

    def look(self, world: World, inputs: Inputs) -> Look:
        """Judged anew at every look, until it was open once: that is remembered by the run, not by the world."""
        return NotYet() if inputs.step not in inputs.facts else Done(facts=inputs.facts[inputs.step])

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> Mapping[str, Any]:
        """Returns what was found. Raises `Refused`."""
        waiver = Waiver.read(inputs.args.get("waiver"))
        with suppress(NoData):  # nothing that is told of is in it: then it is asked for
            if (kept := kept_look.current(world)) and is_open((judged := _judged(world, kept, waiver)).conditions):
                return judged.facts()
        judged = _judged(world, kept_look.look(world, timeout_seconds), waiver)
        if not is_open(judged.conditions):
            why, cure = why_shut(judged.conditions)
            raise Refused(f"The gate is shut: {why}.", hint=f"{cure}.")
        return judged.facts()

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""


def _judged(world: World, seen: KeptLook, waiver: Waiver | None) -> Judged:
    name, looked = world.host.name, seen.looked()
    host = next((one for one in looked.hosts if one.host == name), None)
    if host is None:
        raise NoData(f"`outlive check` said nothing of {name}.")
    known = Circumstances(
        seen_at=looked.at,
        verdict=host.name,
        is_confirmed=host.confirmed,
        still_answers=tuple(one.address for one in looked.addresses if one.answers_as == name),
        loss_accepted=waiver,
    )
    return Judged(known, take_over(name, known, world.clock.now()))
