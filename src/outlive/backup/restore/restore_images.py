"""Images into a Docker engine, here or on a host: under the ids that they had, and under their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outlive.backup.restore.claim import last_words
from outlive.backup.restore.pour import feed
from outlive.backup.streams.inventory import read_inventory
from outlive.backup.streams.unseal import unseal
from outlive.commands import docker, docker_objects
from outlive.errors import CopyDamaged, Refused, RestoreFailed
from outlive.model.copy import Manifest
from outlive.sources.images import IMAGES
from outlive.transport.base import Shell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

ASK_SECONDS = 120


def restore_images(
    vault: Vault,
    manifest: Manifest,
    identities: Sequence[Identity],
    shell: Shell,
    *,
    on_progress: Callable[[int], None] = lambda plain: None,
) -> dict[str, str]:
    """Loads the images of a copy of kind images into the Docker of `shell`; returns the id that each name means there now.
    An image that is there already stays. Raises `Refused`, touching nothing, when a name means another image there;
    `RestoreFailed` when Docker did not take them, `CopyDamaged`, `WrongKey`."""
    stream = manifest.stream(IMAGES)
    if stream is None:
        raise CopyDamaged(f"{manifest.id} has no {IMAGES}.")
    wanted = {one["name"]: one["id"] for one in read_inventory(vault, manifest, identities)["images"]}
    taken = sorted(name for name, id in _meant(shell, wanted).items() if id != wanted[name])
    if taken:
        raise Refused(
            f"Docker on {shell.name} has another image by the name {', '.join(taken)}; nothing was touched.",
            hint="Give that one another name first: docker tag NAME OTHER && docker rmi NAME.",
        )
    chunks = unseal(vault, manifest, stream, identities, on_progress)
    completed = feed(chunks, shell.open(docker.load(), stdin=True))
    if completed.status != 0:
        raise RestoreFailed(f"{shell.name}: docker load: {last_words(completed)}")
    there = _meant(shell, wanted)
    if missing := sorted(wanted.keys() - there.keys()):
        raise RestoreFailed(f"docker load on {shell.name} ended well, and yet there is no {', '.join(missing)}.")
    return there


def _meant(shell: Shell, wanted: dict[str, str]) -> dict[str, str]:
    """Which image each of the names means there; those that mean none are left out. (`docker image inspect` prints those
    that it finds, whatever its status.)"""
    asked = shell.run(docker.image_inspect(wanted), timeout_seconds=ASK_SECONDS)
    try:
        found = docker_objects.read_images(asked.text)
    except ValueError:
        raise RestoreFailed(f"{shell.name}: docker image inspect: {last_words(asked)}") from None
    return {name: image.id for image in found for name in (*image.tags, image.id) if name in wanted}
