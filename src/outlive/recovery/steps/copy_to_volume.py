"""`copy-to-volume`: an asset's data, copied with everything from the machine's own disk to the mounted volume."""

from __future__ import annotations

from outlive.commands import volume_switch as words
from outlive.errors import OutliveError
from outlive.recovery import on_volume
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World

HOURS = 6 * 3600.0


class CopyToVolume(Manners):
    """After a step of kind stop: what runs on the data ends it. Owners, modes, times, hard links, holes, ACLs and extended
    attributes go along (GNU tar). Whether it is the same is for `switch-to-volume`. Facts: `place`, `bytes`, `files`."""

    effect = Effect.CREATES
    timeout_seconds = HOURS
    attempts = 40  # one that was cut off may still be at work there
    pause_seconds = 15.0
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return (
            f"copies the data of {inputs.args['asset']} to the volume, with owners, times, links, holes and attributes"
        )

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        try:
            place = on_volume.place(world, inputs)
            size, files = self._size(world, place)
        except (OutliveError, ValueError):
            return ["- it lies on the machine's own disk; how much it is was not told"]
        return [
            f"- {place}: {size / 1e9:.2f} GB in {files} files, on the machine's own disk: gone with the machine",
            f"+ {on_volume.switch(world, inputs).on_volume}: on the volume, which outlives the machine",
        ]

    def look(self, world: World, inputs: Inputs) -> Look:
        switch = on_volume.switch(world, inputs)
        known = inputs.facts.get(inputs.step)
        asked = world.there.run(words.look_copied(switch), timeout_seconds=on_volume.ASK_SECONDS)
        match asked.check(f"looking at {switch.on_volume}").text.strip():
            case "copied":
                facts = dict(known) if known else {"place": switch.place}
                return Done(f"{switch.on_volume} holds a copy of {switch.place}", facts)
            case "not":
                return NotYet(f"nothing is at {switch.on_volume} yet")
            case _:
                return Unknown(f"the volume is not mounted at {switch.mounting.point}")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        switch = on_volume.switch(world, inputs)
        copied = world.there.run(words.copy(switch), timeout_seconds=timeout_seconds)
        on_volume.ended(copied, f"copying {switch.place} to {switch.on_volume}")

    def undo(self, world: World, inputs: Inputs) -> str:
        switch = on_volume.switch(world, inputs)
        dropped = world.there.run(words.drop_partial(switch), timeout_seconds=on_volume.ASK_SECONDS * 10)
        on_volume.ended(dropped, "removing an unfinished copy")
        return f"a whole copy stays on the volume, at {switch.on_volume}"

    def _size(self, world: World, place: str) -> tuple[int, int]:
        asked = world.there.run(words.size(place), timeout_seconds=on_volume.ASK_SECONDS)
        size, files = asked.check(f"measuring {place}").text.split()
        return int(size), int(files)
