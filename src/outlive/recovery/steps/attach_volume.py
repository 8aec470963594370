"""`attach-volume`: a detachable volume is plugged into the machine that is worked on; never taken away from another."""

from __future__ import annotations

from outlive.commands.volume_orders import Volume
from outlive.recovery import cloud
from outlive.recovery.disks import disks, machine
from outlive.recovery.intent import Intent
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World
from outlive.transport.net import NoAnswer

SETTLE_SECONDS = 120.0  # so long the provider may be plugging it in


class AttachVolume(Manners):
    """The volume is the one of the step's `volume` (the provider's id), else the one that this run ordered. That the
    provider's server is the machine that we talk to is proven when the volume's device is seen there (`mount-volume`).
    Facts: `volume_id`, `volume_device`, `volume_gigabytes`, `attached_to`."""

    effect = Effect.CHANGES
    timeout_seconds = 120.0
    attempts = 60
    pause_seconds = 5.0
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        disks(world, inputs.args)
        return f"attaches {_named(inputs)} to {world.told(inputs)}"

    def look(self, world: World, inputs: Inputs) -> Look:
        volume, server = self._asked(world, inputs)
        if not volume.is_there:
            return Unknown(f"{volume.name} is being made ({volume.status})")
        if volume.server and volume.server != server:
            return Unknown(
                f"{volume.name} is attached to the server {volume.server}. When that one is surely off, detach it in the "
                "provider's console: a file system that two machines write to is lost"
            )
        if not volume.server:
            if left := Intent(world, inputs).settles_in_seconds(SETTLE_SECONDS):
                return Unknown(f"{volume.name} is being attached; for certain in {left:.0f} s")
            return NotYet(f"{volume.name} is attached to nothing")
        facts = {"volume_id": volume.id, "volume_device": volume.device, "volume_gigabytes": volume.gigabytes}
        return Done(f"{volume.name} is attached to the server {server}", {**facts, "attached_to": server})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        volume, server = self._asked(world, inputs)
        if volume.server:
            return
        intent = Intent(world, inputs)
        intent.note({"volume": volume.id, "server": server})
        cloud.change(intent, lambda: disks(world, inputs.args).attach(volume.id, server))

    def undo(self, world: World, inputs: Inputs) -> str:
        """Detached when this run attached it, and kept. What was mounted of it is unmounted by then."""
        identity = (Intent(world, inputs).read() or {}).get("volume")
        if not identity:
            return "this step attached nothing"
        volume = cloud.asked(lambda: disks(world, inputs.args).volume(str(identity)))
        if volume is None or not volume.server:
            return "it is attached to nothing"
        _, server = self._asked(world, inputs)
        if volume.server != server:
            raise NoAnswer("unreadable", f"{volume.name} is attached to the server {volume.server}: a person must look")
        cloud.asked(lambda: disks(world, inputs.args).detach(volume.id))
        return f"{volume.name} (id {volume.id}) is detached and kept; it still costs money"

    def _asked(self, world: World, inputs: Inputs) -> tuple[Volume, str]:
        """The volume, and the id of the server that it belongs to."""
        identity = inputs.args.get("volume") or inputs.fact("volume_id")
        if not identity:
            raise NoAnswer("unreadable", "no step before this one found a volume, and `volume` names none")
        volume = cloud.asked(lambda: disks(world, inputs.args).volume(str(identity)))
        if volume is None:
            raise NoAnswer("unreadable", f"the provider has no volume of the id {identity}")
        servers = cloud.asked(lambda: disks(world, inputs.args).servers())
        return volume, machine(world, inputs, servers).id


def _named(inputs: Inputs) -> str:
    return f"the volume {inputs.args['volume']}" if "volume" in inputs.args else "the volume that is made"
