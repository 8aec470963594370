"""`mount-volume`: the attached volume is seen on the machine, has a file system, and is mounted, now and at every boot."""

from __future__ import annotations

from outlive.commands import volume_mount as words
from outlive.commands.volume_mount import FORMAT, Seen
from outlive.errors import Refused, RestoreFailed, UsageError
from outlive.recovery import on_volume
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World

MAKE_SECONDS = 1800.0
KINDS = ("ext4", "xfs")
LEAVE_OUT = "To use what is on it, leave `format` out of the step."


class MountVolume(Manners):
    """`format = "ext4"` lets it make a file system on a device that is blank; without it, and on any other, none is ever
    made. Facts: `mount_point`, `filesystem_uuid`, `filesystem`."""

    effect = Effect.CHANGES
    timeout_seconds = MAKE_SECONDS
    attempts = 30
    pause_seconds = 4.0
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        made = f"makes a file system ({FORMAT}) if it is blank, and " if _formats(inputs) else ""
        point = on_volume.mounting(world, inputs).point
        return f"{made}mounts the volume at {point}, now and at every boot; one that holds anything is never formatted"

    def look(self, world: World, inputs: Inputs) -> Look:
        one = on_volume.mounting(world, inputs)
        seen = self._seen(world, inputs)
        if not seen.is_there:
            return Unknown(
                f"{one.device} is not seen on {world.target.address}: not plugged in yet, or that is another machine than "
                "the provider's server"
            )
        if seen.other:
            return Unknown(f"something else is mounted at {one.point}")
        if seen.is_blank:
            return NotYet(f"{one.device} is blank")
        if not _is_ours_to_mount(seen, one.uuid, formats=_formats(inputs)):
            return Unknown(f"{_held(one.device, seen)}. {LEAVE_OUT}")
        if not seen.is_mounted or not seen.is_in_fstab:
            return NotYet(f"{one.device} is not mounted at {one.point}")
        facts = {"mount_point": one.point, "filesystem_uuid": seen.uuid, "filesystem": seen.kind}
        return Done(f"{one.device} ({seen.kind}, {seen.uuid}) is mounted at {one.point}", facts)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        one = on_volume.mounting(world, inputs)
        seen = self._seen(world, inputs)
        if seen.is_blank:
            if not _formats(inputs):
                hint = f'`format = "{FORMAT}"` lets this step make a file system on a blank volume.'
                raise UsageError(f"{one.device} is blank, so there is nothing to mount.", hint=hint)
            making = words.make(one, int(inputs.fact("volume_gigabytes")))
            said = f"making a file system on {one.device}"
            on_volume.ended(world.there.run(making, timeout_seconds=MAKE_SECONDS), said)
            seen = self._seen(world, inputs)
        if not _is_ours_to_mount(seen, one.uuid, formats=_formats(inputs)):
            raise Refused(f"{_held(one.device, seen)}.", hint=LEAVE_OUT)
        mounting = words.mount(one, seen.uuid, seen.kind)
        on_volume.ended(world.there.run(mounting, timeout_seconds=on_volume.ASK_SECONDS), f"mounting {one.point}")

    def undo(self, world: World, inputs: Inputs) -> str:
        """What is on it stays on it."""
        one = on_volume.mounting(world, inputs)
        unmounting = words.unmount(one, *self._mounted(world, inputs))
        on_volume.ended(world.there.run(unmounting, timeout_seconds=on_volume.ASK_SECONDS), f"unmounting {one.point}")
        return f"{one.point} is unmounted; what is on the volume stays there"

    def _mounted(self, world: World, inputs: Inputs) -> tuple[str, str]:
        """UUID and kind of the file system that this step mounts: by what it said, else, when it was cut off before it could
        say so, by what is on the device."""
        if known := inputs.facts.get(inputs.step):
            return str(known["filesystem_uuid"]), str(known["filesystem"])
        one = on_volume.mounting(world, inputs)
        seen = self._seen(world, inputs) if one.device else Seen(False)
        return seen.uuid or one.uuid, seen.kind or FORMAT

    def _seen(self, world: World, inputs: Inputs) -> Seen:
        one = on_volume.mounting(world, inputs)
        if not one.device:
            raise UsageError("no volume is attached by a step before this one.", hint="Put `attach-volume` before it.")
        asked = world.there.run(words.look(one), timeout_seconds=on_volume.ASK_SECONDS)
        try:
            return words.read_look(asked.check(f"looking at {one.device}").text)
        except ValueError as error:
            raise RestoreFailed(f"{world.there.name}: {error}") from error


def _held(device: str, seen: Seen) -> str:
    what = seen.kind or seen.signatures or "what cannot be told"
    return f"{device} holds something already ({what}{', ' * bool(seen.uuid)}{seen.uuid}): it is left as it is"


def _is_ours_to_mount(seen: Seen, own_uuid: str, *, formats: bool) -> bool:
    if formats:
        return seen.uuid == own_uuid and seen.kind == FORMAT
    return seen.kind in KINDS and bool(seen.uuid)


def _formats(inputs: Inputs) -> bool:
    given = inputs.args.get("format")
    if given not in (None, FORMAT):
        raise UsageError(f"format = {given!r} is not made here.", hint=f'Write format = "{FORMAT}", or leave it out.')
    return given is not None
