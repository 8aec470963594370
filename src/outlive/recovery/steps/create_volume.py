"""`create-volume`: a detachable volume is ordered, once and blank; a lost answer is made good by finding it."""

from __future__ import annotations

from outlive.commands.volume_orders import LEAST_GIGABYTES, MOST_GIGABYTES, Volume, volume_name
from outlive.errors import UsageError
from outlive.recovery import cloud
from outlive.recovery.disks import disks, machine
from outlive.recovery.intent import Intent
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World
from outlive.transport.net import NoAnswer

SETTLE_SECONDS = 600.0  # so long an order may be under way without being listed


class CreateVolume(Manners):
    """The volume's name is of this run alone; it is looked for before and after. Then it is protected from deletion. Facts:
    `volume_id`, `volume_name`, `volume_device`, `volume_gigabytes`."""

    effect = Effect.CREATES
    timeout_seconds = 120.0
    attempts = 120
    pause_seconds = 10.0
    approval = True
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        disks(world, inputs.args)  # a provider that has none is told before anything is begun
        where = cloud.text(inputs.args, "provider")
        return f"orders a volume of {_gigabytes(inputs)} GB at {where}, named {_name(world, inputs)}; it costs money"

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        try:
            offer = cloud.asked(lambda: disks(world, inputs.args).offer(_gigabytes(inputs)))
        except NoAnswer as error:
            offer = f"what it costs was not told: {error}"
        return [f"+ {_name(world, inputs)}: blank, protected from deletion", f"+ {offer}"]

    def look(self, world: World, inputs: Inputs) -> Look:
        found = _find(world, inputs)
        if found is not None:
            return _standing(found)
        intent = Intent(world, inputs)
        if identity := (intent.read() or {}).get("volume_id"):
            return Unknown(f"the provider took the order (id {identity}) and does not list it")
        if left := intent.settles_in_seconds(SETTLE_SECONDS):
            return Unknown(f"it was ordered, and is not listed yet; for certain in {left:.0f} s")
        return NotYet(f"there is no volume {_name(world, inputs)}")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        """Orders it, or protects it, whichever comes next."""
        found = _find(world, inputs)
        if found is not None:
            if found.is_there and not found.is_protected:
                cloud.asked(lambda: disks(world, inputs.args).protect(found.id))
            return
        servers = cloud.asked(lambda: disks(world, inputs.args).servers())
        server, name = machine(world, inputs, servers), _name(world, inputs)
        intent = Intent(world, inputs)
        intent.note({"name": name})
        made = cloud.change(intent, lambda: disks(world, inputs.args).make(name, _gigabytes(inputs), server.id))
        intent.note({"name": name, "volume_id": made}, anew=True)

    def undo(self, world: World, inputs: Inputs) -> str:
        """It was made attached, so it is detached; what was mounted of it is unmounted by then. It is kept, whatever is on
        it: deleting a volume is for the person who names it at the provider."""
        found = _find(world, inputs)
        if found is None:
            if Intent(world, inputs).settles_in_seconds(SETTLE_SECONDS):
                raise NoAnswer("unknown", "a volume was ordered and is not listed yet; undo again in ten minutes")
            return "no volume of this run is there"
        if found.server:
            cloud.asked(lambda: disks(world, inputs.args).detach(found.id))
        return f"{found.name} (id {found.id}) is detached and kept with what is on it, protected, and still costs money"


def _standing(volume: Volume) -> Look:
    if not volume.is_there:
        return Unknown(f"{volume.name} is being made ({volume.status})")
    if not volume.is_protected:
        return NotYet(f"{volume.name} is there, and not protected from deletion")
    facts = {"volume_id": volume.id, "volume_name": volume.name, "volume_device": volume.device}
    said = f"{volume.name} (id {volume.id}), {volume.gigabytes} GB at {volume.location}"
    return Done(said, {**facts, "volume_gigabytes": volume.gigabytes})


def _name(world: World, inputs: Inputs) -> str:
    asset = str(inputs.args.get("asset", "data"))
    return volume_name(world.host.name, asset, inputs.digest)


def _find(world: World, inputs: Inputs) -> Volume | None:
    return cloud.asked(lambda: disks(world, inputs.args).named(_name(world, inputs)))


def _gigabytes(inputs: Inputs) -> int:
    found = inputs.args.get("gigabytes")
    if isinstance(found, int) and not isinstance(found, bool) and LEAST_GIGABYTES <= found <= MOST_GIGABYTES:
        return found
    hint = "Write a whole number without quotes, with room to grow: a volume can be enlarged, never made smaller."
    raise UsageError(f"`gigabytes` is no number of {LEAST_GIGABYTES} to {MOST_GIGABYTES}.", hint=hint)
