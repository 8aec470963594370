"""The container images that a compose project runs: what a registry may have deleted by the day they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

from outlive.clock import Clock
from outlive.commands import docker, docker_objects
from outlive.commands.tar_stream import Listing
from outlive.errors import SourceFailed
from outlive.model.asset import ImagesAsset
from outlive.sources import containers, tarball
from outlive.sources.base import Capture, Lineage, Outcome, RawStream
from outlive.sources.guest import Guest, raise_trouble
from outlive.transport.base import Shell

IMAGES = "images.tar"
FINISH_SECONDS = 120


class ImagesSource:
    """Copies images with `docker save`, which needs room for them in Docker's own temporary folder on the host."""

    def __init__(self, asset: ImagesAsset, shell: Shell, clock: Clock) -> None:
        self._asset = asset
        self._shell = shell
        self._clock = clock

    def identify(self) -> Lineage:
        return tarball.lineage("img", {"project": self._asset.project})

    @contextmanager
    def capture(self) -> Iterator[Capture]:
        wanted = self._wanted()
        with ExitStack() as running:
            yield ImagesCapture(self.identify(), self._shell, self._clock, wanted, running)

    def _wanted(self) -> dict[str, docker_objects.Image]:
        """What to save, by the words to save it by: the name while it still means the image that runs, so that the name
        comes back with it; else the id."""
        project = self._asset.project
        found = containers.listed(self._shell, [f"label=com.docker.compose.project={project}"])
        if not found:
            raise SourceFailed(f"{self._shell.name} runs no container of the compose project {project}.")
        asked = self._shell.run(docker.image_inspect(dict.fromkeys(one.image_id for one in found)))
        images = {
            image.id: image for image in docker_objects.read_images(asked.check(f"{self._shell.name}: images").text)
        }
        wanted = {}
        for container in found:
            image = images[container.image_id]
            names = [name for name in (container.image, f"{container.image}:latest") if name in image.tags]
            wanted[(names or [image.id])[0]] = image
        return wanted


class ImagesCapture:
    """One `docker save` being taken."""

    def __init__(
        self, thing: Lineage, shell: Shell, clock: Clock, wanted: dict[str, docker_objects.Image], running: ExitStack
    ) -> None:
        self.lineage = thing
        self._shell = shell
        self._clock = clock
        self._wanted = wanted
        self._running = running
        self._began: datetime | None = None
        self._listing = Listing()

    def streams(self) -> Iterator[RawStream]:
        self._began = self._clock.now()
        yield RawStream(IMAGES, self._save())

    def finish(self) -> Outcome:
        assert self._began, "streams are read before finish"
        facts: dict[str, Any] = {
            "images": [
                {"name": name, "id": image.id, "digests": list(image.digests)} for name, image in self._wanted.items()
            ]
        }
        return Outcome(self._began, facts, {**facts, "tar": tarball.listing_facts(self._listing)})

    def _save(self) -> Iterator[bytes]:
        guest = self._running.enter_context(Guest(self._shell, docker.save(self._wanted)))
        self._listing = yield from tarball.read_tar(guest)
        completed = guest.wait(FINISH_SECONDS)
        if completed.status != 0:
            raise_trouble(completed, self._shell.name)
