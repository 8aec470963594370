"""`images`: every image that the stack runs is there; what no copy brought is pulled from its registry."""

from __future__ import annotations

from outlive.backup.restore.pour import step
from outlive.commands import docker, docker_objects
from outlive.errors import Failed
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

ASK_SECONDS = 60
PULL_SECONDS = 900


class Images(Manners):
    """After the steps of kind image-copy."""

    effect = Effect.CREATES
    timeout_seconds = 3600.0

    def plan(self, world: World, inputs: Inputs) -> str:
        return "pulls the images that no copy has brought"

    def look(self, world: World, inputs: Inputs) -> Look:
        missing = self._missing(world, inputs)
        return NotYet(f"{', '.join(missing)} is missing") if missing else Done("all images are there")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        for image in self._missing(world, inputs):
            world.say(f"pulling {image}")
            try:
                step(world.there.run(("docker", "pull", "--quiet", image), timeout_seconds=PULL_SECONDS), image)
            except Failed as error:
                hint = 'Mend the registry or its login there, or guard the images themselves (kind = "images").'
                raise Failed(f"no copy has {image}, and it cannot be pulled: {error.detail}", hint=hint) from error

    def undo(self, world: World, inputs: Inputs) -> None:
        """Images stay: they are in nobody's way."""

    def _missing(self, world: World, inputs: Inputs) -> list[str]:
        wanted = inputs.fact("images") or []
        asked = world.there.run(docker.image_inspect(wanted), timeout_seconds=ASK_SECONDS) if wanted else None
        found = docker_objects.read_images(asked.text) if asked else ()
        tags = {tag for image in found for tag in (*image.tags, *image.digests, image.id)}
        return [one for one in wanted if not {one, f"{one}:latest"} & tags]
