"""`take-over`: the gate before another machine takes a host's place. Nothing is destroyed by that, yet two machines that
both take orders lose some of them for good: so the old one must be silent, or confirmed to be lost, or the loss accepted
in writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outlive.errors import NoData, Refused
from outlive.model.verdict import Name
from outlive.recovery.gate import Circumstances, Waiver, is_open, take_over
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

LOOK_SECONDS = 300


class TakeOver(Manners):
    """Looks at every address now; what it finds is a fact of the run: `verdict`, `still_answers`."""

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
        document = world.outlive(["check"], min(timeout_seconds, LOOK_SECONDS))["document"]
        now = world.clock.now()
        try:
            host = next(one for one in document["hosts"] if one["host"] == world.host.name)
            answering = tuple(one["address"] for one in document["addresses"] if one["answers_as"] == world.host.name)
            verdict, confirmed = Name(host["verdict"]), bool(host["confirmed"])
        except (KeyError, StopIteration, ValueError, TypeError) as error:
            raise NoData(f"`outlive check` said nothing of {world.host.name}.") from error
        waiver = Waiver.read(inputs.args.get("waiver"))
        known = Circumstances(
            seen_at=now, verdict=verdict, is_confirmed=confirmed, still_answers=answering, loss_accepted=waiver
        )
        conditions = take_over(world.host.name, known, now)
        if not is_open(conditions):
            shut = [one for one in conditions if not one.is_met]
            raise Refused(
                "The gate is shut: " + "; ".join(f"{one.name}: {one.why}" for one in shut) + ".",
                hint="; ".join(one.cure for one in shut) + ".",
            )
        return {
            "verdict": verdict,
            "confirmed": confirmed,
            "still_answers": list(answering),
            "conditions": [f"{one.name}: {one.why}" for one in conditions],
        }

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""
