"""`volume`: a named Docker volume, made as compose would make it and filled from its copy before anything uses it."""

from __future__ import annotations

from outlive.backup.copies import catalog
from outlive.backup.restore.pour import step
from outlive.backup.restore.restore_files import restore_tar
from outlive.commands import compose
from outlive.commands.placing import Place
from outlive.errors import Failed
from outlive.model.asset import DockerVolumeAsset
from outlive.recovery import docker_volume, placing
from outlive.recovery.steps.base import Effect, Inputs, Look, Manners, NotYet, World

ASK_SECONDS = 60


class Volume(Manners):
    """`aside`: what is in it already is moved away and kept. Facts: `asset`, `copy`, `until`."""

    effect = Effect.CREATES
    timeout_seconds = 6 * 3600.0
    restores = True

    def plan(self, world: World, inputs: Inputs) -> str:
        kept = "; what is in it now is kept aside" if inputs.args.get("aside") else ""
        return f"fills the volume {_name(world, inputs)} from copy {inputs.copy}{kept}"

    def look(self, world: World, inputs: Inputs) -> Look:
        there = self._mountpoint(world, inputs)
        if not there:
            return NotYet("there is no such volume yet")
        return placing.look(world.there, Place(there, inputs.key), aside=bool(inputs.args.get("aside")))

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        manifest = catalog.find(world.vault, inputs.copy).manifest
        name = _name(world, inputs)
        if not self._mountpoint(world, inputs):
            keys = inputs.fact("volume_keys") or {}
            words = compose.make_volume(name, inputs.fact("project") or "", keys.get(name, ""), inputs.run)
            step(world.there.run(words, timeout_seconds=ASK_SECONDS), f"making the volume {name}")
        placing.bring(
            world.there,
            Place(self._mountpoint(world, inputs), inputs.key),
            lambda path: restore_tar(world.vault, manifest, world.identities, world.there, path),
            {"asset": manifest.asset, "copy": manifest.id, "until": manifest.data_until.isoformat()},
            aside=bool(inputs.args.get("aside")),
        )

    def undo(self, world: World, inputs: Inputs) -> None:
        """The volume stays; what was put into it is kept aside, and what was there before is there again."""
        if there := self._mountpoint(world, inputs):
            placing.take_back(world.there, Place(there, inputs.key))
            step(world.there.run(("mkdir", "-p", "--", there)), f"leaving {there} as an empty volume")

    def _mountpoint(self, world: World, inputs: Inputs) -> str:
        found = docker_volume.find(world.there, _name(world, inputs))
        return docker_volume.directory(found, "Restore it by hand: `outlive restore`.") if found else ""


def _name(world: World, inputs: Inputs) -> str:
    found = world.settings.asset(inputs.args["asset"])
    if not isinstance(found, DockerVolumeAsset):
        raise Failed(f"{inputs.args['asset']!r} is no asset of kind docker_volume.", hint="Compare with outlive.toml.")
    return found.volume
