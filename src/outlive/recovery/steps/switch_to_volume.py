"""`switch-to-volume`: the copy is compared, and then seen at the data's old place, at every boot before Docker starts."""

from __future__ import annotations

from outlive.commands import volume_switch as words
from outlive.recovery import on_volume
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, World

HOURS = 6 * 3600.0
BACK = {
    "nothing": "nothing was switched",
    "before": "what was there before is there again; nothing was written since",
    "copied": "what was written since came back from the volume, compared",
    "given up": "what was there before is there again; WHAT WAS WRITTEN SINCE IS ONLY ON THE VOLUME",
}


class SwitchToVolume(Manners):
    """What was there before is kept beside it. Facts: `asset`, `until` (all that was written until then is there),
    `switched`, `kept_at`."""

    effect = Effect.CHANGES
    timeout_seconds = HOURS
    attempts = 40  # one that was cut off may still be at work there
    pause_seconds = 15.0
    rehearsed = False
    restores = True  # it decides what the services find

    def plan(self, world: World, inputs: Inputs) -> str:
        asset = inputs.args["asset"]
        return f"compares byte by byte, then {asset} is served from the volume; what was there before is kept beside it"

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        point = on_volume.mounting(world, inputs).point
        return [
            f"+ /etc/fstab: {point}/data, bound to where {inputs.args['asset']} lies",
            "+ docker.service.d: RequiresMountsFor both: without the volume Docker does not start",
            "+ the directory below is immutable: nobody can begin anew in it",
        ]

    def look(self, world: World, inputs: Inputs) -> Look:
        switch = on_volume.switch(world, inputs)
        seen = on_volume.served(world, inputs, switch)
        if not isinstance(seen, Done):
            return seen
        said = f"{seen.said}; what was there before is at {switch.before}"
        return Done(said, {**seen.facts, "kept_at": switch.before})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        switch = on_volume.switch(world, inputs)
        done = world.there.run(words.switch(switch), timeout_seconds=timeout_seconds)
        on_volume.ended(done, f"switching {switch.place} to the volume")

    def undo(self, world: World, inputs: Inputs) -> str:
        """Nothing that was written is lost: it comes back from the volume, or this fails; unless that is given up in writing
        (`--accept-loss`) because the volume is not to be read."""
        switch = on_volume.switch(world, inputs)
        give_up = bool(inputs.args.keys() & {"waiver", "own_waiver"})
        done = world.there.run(words.back(switch, give_up=give_up), timeout_seconds=self.timeout_seconds)
        said = on_volume.ended(done, f"bringing {switch.place} back to the machine's own disk")
        kept = f"; what was there before is at {switch.before}" if said == "copied" else ""
        return f"{BACK.get(said, said)}{kept}"
