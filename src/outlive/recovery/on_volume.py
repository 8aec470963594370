"""What the steps that put data on a detachable volume have in common: where the asset lies, where it goes, and how the
machine's scripts end."""

from __future__ import annotations

import re

from outlive.commands.volume_mount import Mounting
from outlive.commands.volume_shell import BUSY, MISSING, REFUSED
from outlive.commands.volume_switch import Switch, look_switched
from outlive.errors import Failed, NoData, Refused, RestoreFailed, UsageError
from outlive.model.asset import DockerVolumeAsset, PathAsset
from outlive.recovery import docker_volume, pgdata
from outlive.recovery.steps.base import Done, Inputs, Look, NotYet, Unknown, World
from outlive.transport.base import Completed

ASK_SECONDS = 60
SOUND = re.compile(r"/[A-Za-z0-9._/-]+")  # what fstab(5) and systemd take without quoting


class StillAtWork(NoData):
    """An earlier attempt is still at work there."""

    hint = "`outlive recover --resume` looks again."


def mounting(world: World, inputs: Inputs) -> Mounting:
    """Raises `Failed` before a volume is attached."""
    asset = str(inputs.args.get("asset", "data"))
    point = str(inputs.args.get("mount_point") or f"/mnt/outlive-{asset}")
    return Mounting(str(inputs.fact("volume_device") or ""), _sound(point), f"{inputs.run}:{asset}")


def switch(world: World, inputs: Inputs) -> Switch:
    """Raises `Failed` when the asset is nothing that could move."""
    return Switch(_sound(place(world, inputs)), mounting(world, inputs))


def place(world: World, inputs: Inputs) -> str:
    """The directory on the machine that holds the asset."""
    asset = world.settings.asset(inputs.args["asset"])
    if isinstance(asset, PathAsset):
        return asset.path
    if isinstance(asset, DockerVolumeAsset):
        return _mountpoint(world, asset.volume)
    bind, _ = pgdata.bind(world, inputs)
    return _mountpoint(world, bind.volume) if bind.volume else bind.source


def served(world: World, inputs: Inputs, switch: Switch) -> Look:
    """Whether the asset is served from the volume. Facts: `asset`, `until` (when that was first seen), `switched`. Raises
    `CommandFailed` when the machine does not tell."""
    asked = world.there.run(look_switched(switch), timeout_seconds=ASK_SECONDS)
    match asked.check(f"looking at {switch.place}").text.strip():
        case "switched":
            until = inputs.facts.get(inputs.step, {}).get("until") or world.clock.now().isoformat()
            facts = {"asset": inputs.args["asset"], "until": until, "switched": switch.place}
            return Done(f"{switch.place} shows the volume", facts)
        case "not":
            return NotYet(f"{switch.place} does not show the volume yet")
        case _:
            why = f"{switch.place} was switched, and the volume is not seen there: is it attached? `mount -a` on the machine"
            return Unknown(why)


def ended(completed: Completed, what: str) -> str:
    """What the script printed. Raises `StillAtWork`, `Refused` (it is not tried again) or `Failed`, with its words."""
    said = " | ".join(completed.stderr.strip().splitlines()[-3:])
    if completed.status == BUSY:
        raise StillAtWork(f"({what})")
    if completed.status == MISSING:
        raise Failed(
            f"{what}: the volume is not mounted.", hint="Look at `findmnt` and `lsblk` there; nothing was changed."
        )
    if completed.status == REFUSED:
        raise Refused(
            f"{what}: {said}.", hint="Put that right, then `outlive recover --resume`; `--undo` takes it back."
        )
    if completed.status != 0:
        raise Failed(
            f"{what}: {said}.", hint="Put that right, then `outlive recover --resume`; `--undo` takes it back."
        )
    return completed.text.strip()


def _mountpoint(world: World, name: str) -> str:
    found = docker_volume.find(world.there, name)
    if found is None:
        raise RestoreFailed(f"there is no volume {name}.")
    return docker_volume.directory(found, "It is somewhere else already.")


def _sound(path: str) -> str:
    if not SOUND.fullmatch(path) or "/../" in f"{path}/":
        raise UsageError(f"{path!r} cannot be mounted at.", hint="Letters, digits, `.`, `_`, `-` and `/` only.")
    return path.rstrip("/")
