"""`fresh-copy`: a copy of the asset as it is now, proven, before anything is done to it."""

from __future__ import annotations

from datetime import datetime

from outlive.backup.copies import catalog
from outlive.errors import Refused
from outlive.model.copy import Copy, Proof
from outlive.recovery.intent import Intent
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World


class FreshCopy(Manners):
    """Proven by a drill: restored into a throwaway place and looked at. Facts: `copies`, by asset."""

    effect = Effect.CREATES
    timeout_seconds = 6 * 3600.0
    works_there = False
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"takes a copy of {inputs.args['asset']} now, and proves it by a drill; nothing goes on without it"

    def look(self, world: World, inputs: Inputs) -> Look:
        asset = str(inputs.args["asset"])
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done(f"the copy {known['copies'][asset]} is proven", known)
        newest = self._newest(world, inputs)
        if newest is None:
            return NotYet(f"there is no copy of {asset} since this run began")
        if newest.proof is not Proof.RESTORED or newest.is_damaged:
            return NotYet(f"the copy {newest.id} is not proven yet")
        return Done(f"the copy {newest.id} is proven by a drill", {"copies": {asset: newest.id}})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        asset = str(inputs.args["asset"])
        since = world.clock.now().replace(microsecond=0)  # as copies have it
        Intent(world, inputs).note({"since": since.isoformat()})
        if self._newest(world, inputs) is None:
            world.outlive(["backup", asset], timeout_seconds)
        newest = self._newest(world, inputs)
        if newest is not None and newest.proof is not Proof.RESTORED:
            world.outlive(["drill", asset, "--copy", newest.id], timeout_seconds)
        seen = self.look(world, inputs)
        if isinstance(seen, NotYet):
            hint = f"`outlive backup {asset}` and `outlive drill {asset}` say why; then `outlive recover --resume`."
            raise Refused(f"nothing is done to {asset} without a proven copy: {seen.why}.", hint=hint)

    def undo(self, world: World, inputs: Inputs) -> None:
        """Copies are never taken back."""

    def _newest(self, world: World, inputs: Inputs) -> Copy | None:
        """The newest copy since this step first began; None when there is none."""
        noted = Intent(world, inputs).read()
        if noted is None:
            return None
        since = datetime.fromisoformat(noted["since"])
        copies = catalog.listing(world.vault, str(inputs.args["asset"])).copies
        fresh = [one for one in copies if one.manifest.started_at >= since]
        return fresh[-1] if fresh else None
