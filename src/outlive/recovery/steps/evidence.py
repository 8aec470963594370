"""`evidence`: what is known is written down before anything is changed: a fresh look at every address, and its verdict."""

from __future__ import annotations

from outlive.recovery import kept_look
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World


class Evidence(Manners):
    """Into `evidence.json` of the run's folder: what `outlive check --json` says at that moment."""

    effect = Effect.READS
    works_there = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"asks every address of {world.host.name} once more and keeps what they say"

    def look(self, world: World, inputs: Inputs) -> Look:
        if not (file := kept_look.file_of(world)).exists():
            return NotYet()
        return Done(f"kept in {file}", {"evidence": str(file)})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        kept_look.keep(world, kept_look.look(world, timeout_seconds))

    def undo(self, world: World, inputs: Inputs) -> None:
        """It stays: evidence is never taken back."""
