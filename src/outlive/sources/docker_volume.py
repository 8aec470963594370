"""A named Docker volume.

Root reads it where it lies. Everyone else, and volumes whose driver mounts them only while a container uses them (an
NFS share, a bind), are read through a throwaway container made from an image that is already on the host.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from outlive.clock import Clock
from outlive.commands import docker, docker_objects, tar
from outlive.errors import SourceFailed
from outlive.model.asset import DockerVolumeAsset
from outlive.sources import containers, tarball
from outlive.sources.base import Capture, Lineage
from outlive.sources.place import Place
from outlive.transport.base import AS_ROOT, Shell, cure

SEEN_AT = "/v"
TRIED_IMAGES = 6


class DockerVolumeSource:
    """Copies a volume with GNU tar."""

    def __init__(self, asset: DockerVolumeAsset, shell: Shell, clock: Clock) -> None:
        self._asset = asset
        self._shell = shell
        self._clock = clock

    def identify(self) -> Lineage:
        volume = self._volume()
        return self._lineage(volume, *self._place(volume))

    @contextmanager
    def capture(self) -> Iterator[Capture]:
        volume = self._volume()
        place, root = self._place(volume)
        job = tarball.TarJob(
            place=place,
            root=root,
            host_root=volume.mountpoint,
            exclude=self._asset.exclude,
            hook=self._asset.around,
        )
        with tarball.capture(job, self._lineage(volume, place, root), self._clock) as capture:
            yield capture

    def _volume(self) -> docker_objects.Volume:
        asked = self._shell.run(docker.volume_inspect([self._asset.volume]))
        found = docker_objects.read_volumes(asked.text) if asked.status == 0 else ()
        if not found:
            said = asked.stderr.strip().splitlines()[-1:] or ["docker does not know it"]
            raise SourceFailed(
                f"{self._shell.name}: the volume {self._asset.volume}: {said[0]}", hint=cure(asked.stderr)
            )
        return found[0]

    def _lineage(self, volume: docker_objects.Volume, place: Place, root: str) -> Lineage:
        """The volume's directory is made with it and keeps inode and birth. Docker's own CreatedAt does not do: up to
        Docker 20.10 at least it is the directory's change time, and moves with every file made in it."""
        asked = place.run(("stat", "-c", "%i %W", root)).check(f"{self._shell.name}: stat of {self._asset.volume}")
        inode, _, birth = asked.text.strip().partition(" ")
        facts = {"volume": volume.name, "driver": volume.driver, "inode": inode, "birth": birth}
        return tarball.lineage("vol", facts)

    def _place(self, volume: docker_objects.Volume) -> tuple[Place, str]:
        """Where to read it, and its directory as seen from there."""
        if volume.driver == "local" and not volume.options:
            asked = self._shell.run(("sh", "-c", _READABLE, "readable", volume.mountpoint))
            if asked.status == 0 and tar.is_gnu(asked.text):
                return Place(self._shell, asked.text.splitlines()[0]), volume.mountpoint
        return self._container(volume), SEEN_AT

    def _container(self, volume: docker_objects.Volume) -> Place:
        """A container of an image that is there: with GNU tar if one has it, else with any tar."""
        second_best: Place | None = None
        for image in self._images(volume):
            words = docker.see_volume(volume.name, image, SEEN_AT)
            asked = self._shell.run((*words, *tar.version()))
            place = Place(self._shell, (asked.text.splitlines() or [""])[0], words)
            if asked.status == 0 and place.has_gnu_tar:
                return place
            if asked.status == 0 and second_best is None:
                second_best = place
        if second_best is None:
            raise SourceFailed(
                f"{self._shell.name}: the volume {volume.name} cannot be read: {volume.mountpoint} is not open to this "
                "user, and no image on the host has a tar to read it through a container.",
                hint=f"{AS_ROOT} Or pull a small image there that has GNU tar (`docker pull debian:stable-slim`).",
            )
        return second_best

    def _images(self, volume: docker_objects.Volume) -> list[str]:
        """Images to try: first those of the containers that use the volume."""
        used = [one.image_id for one in containers.listed(self._shell, [f"volume={volume.name}"])]
        others = docker.read_lines(self._shell.run(docker.image_ls()).check("docker image ls").text)
        return list(dict.fromkeys([*used, *others]))[:TRIED_IMAGES]


_READABLE = '[ "$(id -u)" = 0 ] && [ -d "$1" ] && LC_ALL=C tar --version'
