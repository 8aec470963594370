"""`evidence`: what is known is written down before anything is changed: a fresh look at every address, and its verdict."""

from __future__ import annotations

import json
from pathlib import Path

from outlive.errors import Failed
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

LOOK_SECONDS = 300


class Evidence(Manners):
    """Into `evidence.json` of the run's folder: what `outlive check --json` says at that moment."""

    effect = Effect.READS
    works_there = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"asks every address of {world.host.name} once more and keeps what they say"

    def look(self, world: World, inputs: Inputs) -> Look:
        if not (file := _file(world)).exists():
            return NotYet()
        return Done(f"kept in {file}", {"evidence": str(file)})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        seen = world.outlive(["check"], min(timeout_seconds, LOOK_SECONDS))
        text = json.dumps({"at": world.clock.now().isoformat(), **seen["document"]}, indent=1)
        file = _file(world)
        fresh = file.with_suffix(".new")
        try:
            fresh.touch(mode=0o600)
            fresh.write_text(text)
            fresh.replace(file)
        except OSError as error:
            raise Failed(f"{file}: {error.strerror}.", hint="Make room below `keeper.state`.") from error

    def undo(self, world: World, inputs: Inputs) -> None:
        """It stays: evidence is never taken back."""


def _file(world: World) -> Path:
    return world.folder / "evidence.json"
