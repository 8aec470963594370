"""`replication-end`: subscription, slot and publication are gone: a slot that stayed would fill the source's disk."""

from __future__ import annotations

from outlive.recovery.moving import ends, replication
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World


class ReplicationEnd(Manners):
    """Of this run, and no other."""

    effect = Effect.CHANGES

    def plan(self, world: World, inputs: Inputs) -> str:
        return "removes subscription, slot and publication of this run"

    def look(self, world: World, inputs: Inputs) -> Look:
        with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
            left = list(replication.leftovers(here, there, ends.moved(inputs), inputs.run))
        return NotYet(f"{', '.join(left)} is still there") if left else Done("nothing of the replication is left")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
            replication.end(here, there, ends.moved(inputs), inputs.run)

    def undo(self, world: World, inputs: Inputs) -> None:
        """It does not come back: going on from where it ended is not possible."""
