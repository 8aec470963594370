"""A Docker volume of the machine that is worked on, looked for by its name."""

from __future__ import annotations

from outlive.backup.restore.pour import step
from outlive.commands import docker, docker_objects
from outlive.commands.docker_objects import Volume
from outlive.errors import CommandFailed, Failed, NoData, RestoreFailed
from outlive.transport.base import Shell

ASK_SECONDS = 60


class DockerSilent(NoData):
    """Docker on the machine does not answer."""

    hint = (
        "`systemctl is-active docker` there. It is held back, and asking it hangs, while a volume that it needs is not "
        "mounted: `systemctl list-dependencies docker` names it (docs/how-to/put-data-on-a-volume.md)."
    )


def find(shell: Shell, name: str) -> Volume | None:
    """None where there is none of that name. Raises `RestoreFailed` when that was not told, and `DockerSilent`."""
    try:
        asked = shell.run(docker.volume_inspect([name]), timeout_seconds=ASK_SECONDS)
    except CommandFailed as error:
        raise DockerSilent(f"Nothing is known of the volume {name}: {error.detail}") from error
    if asked.status != 0 and "no such volume" in asked.stderr.lower():
        return None
    try:
        (found,) = docker_objects.read_volumes(step(asked, f"looking for the volume {name}").text)
    except ValueError as error:
        raise RestoreFailed(f"docker volume inspect {name}: {error}") from error
    return found


def directory(volume: Volume, hint: str) -> str:
    """Where its data lies. Raises `Failed`, with that cure, when it is not on the machine's own disk."""
    if volume.driver != "local" or volume.options:
        raise Failed(f"{volume.name} is no volume of the machine's own disk.", hint=hint)
    return volume.mountpoint
