"""`image-copy`: images from the vault, for the day on which the registry is gone as well."""

from __future__ import annotations

from outlive.backup.copies import catalog
from outlive.backup.restore.restore_images import restore_images
from outlive.backup.streams.inventory import read_inventory
from outlive.commands import docker, docker_objects
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

ASK_SECONDS = 60


class ImageCopy(Manners):
    """An image that is there already stays."""

    effect = Effect.CREATES
    timeout_seconds = 7200.0
    restores = True

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"loads the images of copy {inputs.copy}"

    def look(self, world: World, inputs: Inputs) -> Look:
        manifest = catalog.find(world.vault, inputs.copy).manifest
        wanted = {one["name"]: one["id"] for one in read_inventory(world.vault, manifest, world.identities)["images"]}
        asked = world.there.run(docker.image_inspect(wanted), timeout_seconds=ASK_SECONDS)
        there = {name: image.id for image in docker_objects.read_images(asked.text) for name in (*image.tags, image.id)}
        if missing := sorted(name for name, id in wanted.items() if there.get(name) != id):
            return NotYet(f"{', '.join(missing)} is missing")
        facts = {"asset": manifest.asset, "copy": manifest.id, "until": manifest.data_until.isoformat()}
        return Done(f"{len(wanted)} images", facts)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        manifest = catalog.find(world.vault, inputs.copy).manifest
        restore_images(world.vault, manifest, world.identities, world.there)

    def undo(self, world: World, inputs: Inputs) -> None:
        """Images stay: they are in nobody's way."""
