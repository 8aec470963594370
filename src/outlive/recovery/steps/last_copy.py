"""`last-copy`: once nobody writes any more, a copy of everything: what the new machine begins with."""

from __future__ import annotations

from datetime import datetime

from outlive.backup.copies import catalog
from outlive.model.asset import Asset, TemporalAsset
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

COPY_SECONDS = 6 * 3600.0


class LastCopy(Manners):
    """After a step of kind stop. Facts: `copies`, by asset, which later steps bring back."""

    effect = Effect.CREATES
    timeout_seconds = COPY_SECONDS
    works_there = False
    rehearsed = False  # the writers go on writing

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"takes a last copy of {len(_at_rest(world))} assets, which is what the new machine begins with"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done(f"{len(known['copies'])} assets were copied as they were left", known)
        copies, missing = self._copies(world, inputs)
        if missing:
            return NotYet(f"there is no copy of {', '.join(missing)} from after the writers were stopped")
        return Done(f"{len(copies)} assets are copied as they were left", {"copies": copies})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        _, missing = self._copies(world, inputs)
        world.outlive(["backup", *missing], timeout_seconds)

    def undo(self, world: World, inputs: Inputs) -> None:
        """Copies are never taken back."""

    def _copies(self, world: World, inputs: Inputs) -> tuple[dict[str, str], list[str]]:
        """The newest whole copy of each asset from after the stop, and the assets that have none."""
        since = datetime.fromisoformat(next(one["stopped_at"] for one in inputs.facts.values() if "stopped_at" in one))
        found, missing = {}, []
        for asset in _at_rest(world):
            fresh = [
                one
                for one in catalog.listing(world.vault, asset.name).copies
                if one.manifest.started_at >= since and not one.is_damaged
            ]
            if fresh:
                found[asset.name] = fresh[-1].id
            else:
                missing.append(asset.name)
        return found, missing


def _at_rest(world: World) -> list[Asset]:
    """What can be copied while the services are stopped: not Temporal's schedules, which a running server tells; they are
    in its database, too."""
    return [one for one in world.own_assets() if not isinstance(one, TemporalAsset)]
