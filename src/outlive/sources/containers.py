"""Which containers a person means by the words of `around.stop`."""

from __future__ import annotations

from collections.abc import Sequence

from outlive.commands import docker, docker_objects
from outlive.errors import ConfigError
from outlive.transport.base import Shell


def running(shell: Shell, wanted: Sequence[str]) -> tuple[str, ...]:
    """The names of the running containers meant by compose services ("web", "shop/web"; all replicas) or container
    names, in the order asked for. One that does not run is not stopped and will not be started.

    Raises `ConfigError` for a word that means nothing, or services of several projects.
    """
    found = listed(shell)
    names = [container.name for word in wanted for container in _meant(found, word, shell.name) if _runs(container)]
    return tuple(dict.fromkeys(names))


def listed(shell: Shell, filters: Sequence[str] = ()) -> tuple[docker_objects.Container, ...]:
    """All containers, or those that fit."""
    ids = docker.read_lines(shell.run(docker.ps(filters=filters)).check(f"{shell.name}: docker ps").text)
    if not ids:
        return ()
    return docker_objects.read_containers(shell.run(docker.inspect(ids)).text)


def _meant(found: tuple[docker_objects.Container, ...], word: str, host: str) -> tuple[docker_objects.Container, ...]:
    exact = tuple(container for container in found if word in (container.name, container.address))
    meant = exact or tuple(container for container in found if container.service == word)
    if not meant:
        raise ConfigError(f"around.stop names {word!r}, but {host} has no such service or container.")
    if len({container.project for container in meant}) > 1:
        projects = ", ".join(sorted(f"{container.address}" for container in meant))
        raise ConfigError(f"around.stop names {word!r}, which is in several projects.", hint=f"Name one: {projects}.")
    return meant


def _runs(container: docker_objects.Container) -> bool:
    return container.state in ("running", "restarting")
