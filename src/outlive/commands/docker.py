"""What we say to the `docker` client; `docker_objects.py` reads what it tells of things. Engine API 1.41 (Docker 20.10)
and later."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

DOCKER = "docker"


def version() -> tuple[str, ...]:
    return (DOCKER, "version", "--format", "{{json .Server}}")


def engine_id() -> tuple[str, ...]:
    return (DOCKER, "info", "--format", "{{.ID}}")


def ps(*, stopped: bool = True, filters: Sequence[str] = ()) -> tuple[str, ...]:
    """Full ids, one a line; `filters` such as "volume=app_data" or "label=com.docker.compose.project=shop"."""
    chosen = [word for one in filters for word in ("--filter", one)]
    return (DOCKER, "ps", "--no-trunc", "--quiet", *(["--all"] if stopped else []), *chosen)


def inspect(containers: Iterable[str]) -> tuple[str, ...]:
    """Ids or names. Docker prints what it found and exits 1 when one of them is gone: read stdout all the same."""
    return (DOCKER, "container", "inspect", "--", *containers)


def image_inspect(images: Iterable[str]) -> tuple[str, ...]:
    return (DOCKER, "image", "inspect", "--", *images)


def volume_ls(*, filters: Sequence[str] = ()) -> tuple[str, ...]:
    """Names, one a line."""
    return (DOCKER, "volume", "ls", "--quiet", *(word for one in filters for word in ("--filter", one)))


def volume_inspect(volumes: Iterable[str]) -> tuple[str, ...]:
    return (DOCKER, "volume", "inspect", "--", *volumes)


def exec_(
    container: str, argv: Sequence[str], *, user: str | None = None, stdin: bool = False, env: Sequence[str] = ()
) -> tuple[str, ...]:
    """`argv` inside a running container. `env` holds NAME=VALUE: it shows in process lists, so never a secret."""
    words = [DOCKER, "exec"]
    if stdin:
        words.append("--interactive")
    if user is not None:
        words += ["--user", user]
    for assignment in env:
        words += ["--env", assignment]
    return (*words, container, *argv)


def stop(containers: Iterable[str], *, grace_seconds: int = 30) -> tuple[str, ...]:
    return (DOCKER, "stop", "--time", str(grace_seconds), *containers)


def start(containers: Iterable[str]) -> tuple[str, ...]:
    """Harmless for one that already runs."""
    return (DOCKER, "start", *containers)


def save(images: Iterable[str]) -> tuple[str, ...]:
    """A tar of the images on stdout."""
    return (DOCKER, "save", *images)


def load() -> tuple[str, ...]:
    """Takes what `save` wrote, on stdin. A name that another image has here moves to the one that is loaded."""
    return (DOCKER, "load", "--quiet")


def see_volume(volume: str, image: str, target: str) -> tuple[str, ...]:
    """The words before a command that make it run in a throwaway container which sees the volume, read-only.

    Nothing is pulled, there is no network, and the output is not written to the container's log, which is a file on the
    host's disk.
    """
    words = [DOCKER, "run", "--rm", "--interactive", "--pull", "never", "--network", "none", "--log-driver", "none"]
    words += ["--user", "0:0", "--cap-drop", "ALL", "--cap-add", "DAC_READ_SEARCH", "--security-opt", "label=disable"]
    words += ["--mount", f"type=volume,src={volume},dst={target},readonly", "--entrypoint", "env"]
    return (*words, image)


def image_ls() -> tuple[str, ...]:
    """Ids of the images on the host, newest first, one a line."""
    return (DOCKER, "image", "ls", "--quiet", "--no-trunc")


def read_lines(text: str) -> tuple[str, ...]:
    """Ids or names, one a line, each once and in order."""
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def read_version(text: str) -> str:
    """The engine's version, "" when the client could not ask the engine."""
    try:
        server = json.loads(text)
    except ValueError:
        return ""
    return str(server.get("Version", "")) if isinstance(server, dict) else ""
