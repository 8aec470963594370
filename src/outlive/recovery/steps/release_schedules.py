"""`release-schedules`: what this run has paused runs again, once the old machine is known to be off."""

from __future__ import annotations

from typing import Any

from outlive.recovery.schedule_server import asset_of, door_of
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.recovery.two_servers import why_two


class ReleaseSchedules(Manners):
    """After `quarantine`. Facts: `released_schedules_of`, `released` (names)."""

    effect = Effect.CHANGES
    timeout_seconds = 180.0
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"lets the schedules of {inputs.args['asset']} run that were paused, if the old machine is off by then"

    def look(self, world: World, inputs: Inputs) -> Look:
        known = inputs.facts.get(inputs.step)
        return NotYet() if known is None else Done(str(known.get("said", "")), known)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any]:
        asset = asset_of(world, inputs)
        held = self._held(inputs, asset.name)
        found: dict[str, Any] = {"released_schedules_of": asset.name, "released": []}
        if not held:
            return found | {"said": "none was paused"}
        if why := why_two(inputs, world.host.address, rehearsal=world.rehearsal):
            return found | {"said": f"{len(held)} go on waiting, for {why}; outlive temporal release {asset.name}"}
        with door_of(world, asset) as door:
            for name in held:
                door.release(*name.split("/", 1))
        return found | {"released": held, "said": f"{len(held)} schedules run again"}

    def undo(self, world: World, inputs: Inputs) -> str | None:
        """They wait again, before the old machine is switched on."""
        asset = asset_of(world, inputs)
        released = self._released(world, inputs, asset.name)
        if not released:
            return None
        with door_of(world, asset) as door:
            for name in released:
                door.hold(*name.split("/", 1))
        return f"{len(released)} schedules wait paused again"

    def _released(self, world: World, inputs: Inputs, asset: str) -> list[str]:
        """By this step; all that it might have, when it was cut off before it could say."""
        if (known := inputs.facts.get(inputs.step)) is not None:
            return list(known.get("released") or [])
        may = not why_two(inputs, world.host.address, rehearsal=world.rehearsal)
        return self._held(inputs, asset) if may else []

    def _held(self, inputs: Inputs, asset: str) -> list[str]:
        """Of this asset: by the step that paused, and the one that made some again."""
        found: list[str] = []
        for facts in inputs.facts.values():
            if facts.get("held_schedules_of") == asset:
                found += facts.get("held") or []
            if facts.get("schedules_of") == asset:
                found += facts.get("made") or []
        return found
