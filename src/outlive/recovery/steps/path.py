"""`path`: a directory of the host, at the path that it had."""

from __future__ import annotations

from outlive.backup.copies import catalog
from outlive.backup.restore.restore_files import restore_tar
from outlive.commands.placing import Place
from outlive.errors import Failed
from outlive.model.asset import PathAsset
from outlive.recovery import placing
from outlive.recovery.steps.base import Effect, Inputs, Look, Manners, World


class Path(Manners):
    """`aside`: what is there already is moved away and kept. Facts: `asset`, `copy`, `until`."""

    effect = Effect.CREATES
    timeout_seconds = 6 * 3600.0
    restores = True

    def plan(self, world: World, inputs: Inputs) -> str:
        kept = "; what is there now is kept aside" if inputs.args.get("aside") else ""
        return f"writes {_path(world, inputs)} from copy {inputs.copy}{kept}"

    def look(self, world: World, inputs: Inputs) -> Look:
        place = Place(_path(world, inputs), inputs.key)
        return placing.look(world.there, place, aside=bool(inputs.args.get("aside")))

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        manifest = catalog.find(world.vault, inputs.copy).manifest
        placing.bring(
            world.there,
            Place(_path(world, inputs), inputs.key),
            lambda path: restore_tar(world.vault, manifest, world.identities, world.there, path),
            {"asset": manifest.asset, "copy": manifest.id, "until": manifest.data_until.isoformat()},
            aside=bool(inputs.args.get("aside")),
        )

    def undo(self, world: World, inputs: Inputs) -> None:
        """What was put there is kept aside, and what was there before is there again."""
        placing.take_back(world.there, Place(_path(world, inputs), inputs.key))


def _path(world: World, inputs: Inputs) -> str:
    found = world.settings.asset(inputs.args["asset"])
    if not isinstance(found, PathAsset):
        raise Failed(f"{inputs.args['asset']!r} is no asset of kind path.", hint="Compare with outlive.toml.")
    return found.path
