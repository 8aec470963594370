"""`by-hand`: what only a person can do: it is listed, waits for their word, and the journal has who gave it and when."""

from __future__ import annotations

from typing import Any

from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World


class ByHand(Manners):
    """What a step found as `by_hand`; nothing is waited for where it found none. Facts: `done_by_hand`."""

    effect = Effect.CHANGES
    approval = True
    attempts = 1
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f'waits until you have changed what only you can: `outlive recover --resume --approve "{inputs.step}"`'

    def look(self, world: World, inputs: Inputs) -> Look:
        names = [one["name"] for one in inputs.fact("by_hand") or []]
        if not names:
            return Done("nothing is left for you", {"done_by_hand": []})
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done("was said to be done", known)
        return NotYet(f"you change: {', '.join(names)}")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any]:
        """Only reached with an approval; that is the word."""
        names = [one["name"] for one in inputs.fact("by_hand")]
        return {"done_by_hand": names, "said": f"said to be changed: {', '.join(names)}"}

    def undo(self, world: World, inputs: Inputs) -> None:
        """What a person changed, a person takes back."""
