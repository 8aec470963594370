"""`config`: compose files, `.env` and the like, each at the path that it had."""

from __future__ import annotations

from outlive.backup.copies import catalog
from outlive.backup.restore.pour import step
from outlive.backup.restore.restore_files import restore_tar
from outlive.commands import placing as words
from outlive.commands.placing import ROOM, Place
from outlive.errors import Failed, Refused
from outlive.model.asset import ConfigAsset
from outlive.recovery import placing
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

MOVE_SECONDS = 600


class Config(Manners):
    """Restored whole into a folder of ours first, then copied path by path; a path that is there and differs is not touched
    (`Refused`). Facts: `paths`."""

    effect = Effect.CREATES
    timeout_seconds = 3600.0
    restores = True

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"writes {', '.join(_asset(world, inputs).paths)} from copy {inputs.copy}"

    def look(self, world: World, inputs: Inputs) -> Look:
        staged = placing.look(world.there, place_of(inputs))
        if not isinstance(staged, Done):
            return staged
        paths = _asset(world, inputs).paths
        script = 'for path; do [ -e "$path" ] || [ -L "$path" ] || printf "%s\\n" "$path"; done'
        asked = world.there.run(("sh", "-c", script, "look", *paths)).check(world.target.name)
        if missing := asked.text.split("\n")[:-1]:
            return NotYet(f"{', '.join(missing)} is not there yet")
        return Done(f"{', '.join(paths)} as of {staged.facts['until']}", {**staged.facts, "paths": list(paths)})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        manifest = catalog.find(world.vault, inputs.copy).manifest
        place = place_of(inputs)
        placing.bring(
            world.there,
            place,
            lambda path: restore_tar(world.vault, manifest, world.identities, world.there, path),
            {"asset": manifest.asset, "copy": manifest.id, "until": manifest.data_until.isoformat()},
        )
        for path in _asset(world, inputs).paths:
            done = world.there.run(words.copy_file_tree(f"{place.final}{path}", path), timeout_seconds=MOVE_SECONDS)
            if done.status == words.TAKEN:
                raise Refused(
                    f"{world.target.name}:{path} is there already and differs from the copy; it was not touched.",
                    hint=f"Compare it with {place.final}{path}, move one of them away, then `outlive recover --resume`.",
                )
            step(done, f"writing {path}")

    def undo(self, world: World, inputs: Inputs) -> None:
        """What was written stays: it may have been edited since, and hurts nobody. The half of a cut attempt goes."""
        placing.clean(world.there, place_of(inputs))


def place_of(inputs: Inputs) -> Place:
    """Where it is restored before it is copied to its paths."""
    base = Place("/", inputs.key)
    return Place(f"{ROOM}/config/{base.receipt.rpartition('/')[2]}", inputs.key)


def _asset(world: World, inputs: Inputs) -> ConfigAsset:
    found = world.settings.asset(inputs.args["asset"])
    if not isinstance(found, ConfigAsset):
        raise Failed(f"{inputs.args['asset']!r} is no asset of kind config.", hint="Compare with outlive.toml.")
    return found
