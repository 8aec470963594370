"""`copy-anew`: a first copy of everything from the new machine: until it is there, nothing of what is written is safe."""

from __future__ import annotations

from datetime import datetime

from outlive.backup.copies import catalog
from outlive.backup.copies.acceptance import Acceptance, accept, accepted
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

COPY_SECONDS = 6 * 3600.0


class CopyAnew(Manners):
    """What this run put there is meant to be: its lineages are accepted, by the run's name."""

    effect = Effect.CREATES
    timeout_seconds = COPY_SECONDS
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"takes a first copy of {len(world.own_assets())} assets from the new machine"

    def look(self, world: World, inputs: Inputs) -> Look:
        if missing := self._missing(world, inputs):
            return NotYet(f"there is no copy of {', '.join(missing)} from the new machine yet")
        return Done(f"{len(world.own_assets())} assets are copied from the new machine")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        if missing := self._missing(world, inputs, accepted_too=False):
            world.outlive(["backup", *missing], timeout_seconds)
        for asset in world.own_assets():
            newest = catalog.listing(world.vault, asset.name).copies[-1].manifest
            accept(world.vault, Acceptance(asset.name, newest.lineage, world.clock.now(), f"recovery {inputs.run}"))

    def undo(self, world: World, inputs: Inputs) -> None:
        """Copies are never taken back."""

    def _missing(self, world: World, inputs: Inputs, *, accepted_too: bool = True) -> list[str]:
        since = datetime.fromisoformat(inputs.fact("enrolled_at"))
        found = []
        for asset in world.own_assets():
            fresh = [
                one.manifest
                for one in catalog.listing(world.vault, asset.name).copies
                if one.manifest.started_at >= since
            ]
            known = fresh and fresh[-1].lineage in accepted(world.vault, asset.name)
            if not fresh or (accepted_too and not known):
                found.append(asset.name)
        return found
