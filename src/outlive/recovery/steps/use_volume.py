"""`use-volume`: an asset whose data is on a detachable volume is served from there on a new machine, not restored."""

from __future__ import annotations

from outlive.commands import compose, volume_use
from outlive.model.asset import DockerVolumeAsset, PostgresAsset
from outlive.recovery import docker_volume, on_volume, pgdata
from outlive.recovery.steps.base import Effect, Inputs, Look, Manners, NotYet, World


class UseVolume(Manners):
    """After `mount-volume` and `stack`, instead of the step that would restore the asset. A Docker volume is made where
    there is none; a place that holds anything is refused. Facts: `asset`, `until`, `switched`."""

    effect = Effect.CREATES
    rehearsed = False
    restores = True

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"serves {inputs.args['asset']} from what is on the volume; nothing is restored or copied"

    def look(self, world: World, inputs: Inputs) -> Look:
        if self._missing(world, inputs):
            return NotYet("its Docker volume is not made yet")
        return on_volume.served(world, inputs, on_volume.switch(world, inputs))

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        if name := self._missing(world, inputs):
            keys = inputs.fact("volume_keys") or {}
            making = compose.make_volume(name, inputs.fact("project") or "", keys.get(name, ""), inputs.run)
            made = world.there.run(making, timeout_seconds=on_volume.ASK_SECONDS)
            on_volume.ended(made, f"making the volume {name}")
        switch = on_volume.switch(world, inputs)
        used = world.there.run(volume_use.use(switch), timeout_seconds=on_volume.ASK_SECONDS)
        on_volume.ended(used, f"showing the volume at {switch.place}")

    def undo(self, world: World, inputs: Inputs) -> str | None:
        if self._missing(world, inputs):
            return None
        switch = on_volume.switch(world, inputs)
        left = world.there.run(volume_use.leave(switch), timeout_seconds=on_volume.ASK_SECONDS)
        on_volume.ended(left, f"leaving {switch.place}")
        return "what is on the volume stays there"

    def _missing(self, world: World, inputs: Inputs) -> str:
        """The name of its Docker volume where that is not there; "" when it is, or none is needed."""
        asset = world.settings.asset(inputs.args["asset"])
        name = asset.volume if isinstance(asset, DockerVolumeAsset) else ""
        if isinstance(asset, PostgresAsset):
            name = pgdata.bind(world, inputs)[0].volume
        if not name:
            return ""
        return "" if docker_volume.find(world.there, name) else name
