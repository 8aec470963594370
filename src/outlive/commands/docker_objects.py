"""What `docker inspect` tells of containers, volumes and images, and how it is read. Engine API 1.41 (Docker 20.10) and
later.

It prints a container's whole environment, which is full of secrets. The readers keep only the few variables named in
`KEPT_VARIABLES`; nothing else of the environment leaves this file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

KEPT_VARIABLES = ("PGDATA", "PG_MAJOR", "PG_VERSION", "POSTGRES_USER", "POSTGRES_DB")
_COMPOSE = "com.docker.compose."
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Mount:
    """What a container sees at `target`. `kind` is Docker's word: volume, bind, tmpfs, npipe, cluster.

    `name` is the volume's name; `source` is the path on the host ("" where there is none).
    """

    kind: str
    target: str
    source: str = ""
    name: str = ""
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Container:
    """A container as `docker inspect` tells it, its secrets left out. `image` is the name it was started by.

    `project` and `service` are empty for a container that compose did not make. `variables` holds `KEPT_VARIABLES`.
    `published` are the ports of the host that lead to it from outside (not those bound to the loopback);
    `networks` its addresses on the networks of the host, as the host itself can reach them.
    """

    id: str
    name: str
    image: str
    image_id: str
    state: str
    started_at: str = ""
    project: str = ""
    service: str = ""
    working_dir: str = ""
    config_files: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    published: tuple[int, ...] = ()
    networks: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def is_one_off(self) -> bool:
        """True for what `docker compose run` left behind."""
        return self.service == "" and self.project != ""

    @property
    def carries_postgres(self) -> bool:
        """True when its image says so (PGDATA, PG_MAJOR, its name) or something lies where Postgres keeps its data."""
        if "PGDATA" in self.variables or "PG_MAJOR" in self.variables:
            return True
        name = self.image.rpartition("/")[2].partition(":")[0]
        return any(word in name for word in ("postgres", "postgis", "timescaledb", "pgvector")) or any(
            mount.target.startswith("/var/lib/postgresql") for mount in self.mounts
        )

    @property
    def compose_files(self) -> tuple[str, ...]:
        """The compose and environment files, absolute: older versions of compose told them from the working folder."""
        return tuple(
            path if path.startswith("/") else f"{self.working_dir}/{path}"
            for path in (*self.config_files, *self.env_files)
        )

    @property
    def address(self) -> str:
        """How `outlive.toml` names it: "project/service", or the container's name where compose had no hand in it."""
        return f"{self.project}/{self.service}" if self.project and self.service else self.name


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of the engine. `created_at` is RFC 3339 as Docker prints it, "" when it does not tell."""

    name: str
    driver: str = "local"
    mountpoint: str = ""
    created_at: str = ""
    project: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    @property
    def is_anonymous(self) -> bool:
        """Docker names what nobody named by 64 hexadecimal digits."""
        return bool(_ANONYMOUS.fullmatch(self.name)) or "com.docker.volume.anonymous" in self.labels


@dataclass(frozen=True, slots=True)
class Image:
    """An image: `digests` are the "name@sha256:..." by which a registry knows it (none for one that was built here)."""

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    bytes: int = 0


def read_containers(text: str) -> tuple[Container, ...]:
    """From `inspect`. Raises ValueError when it is no JSON list."""
    return tuple(_container(found) for found in _list(text))


def read_volumes(text: str) -> tuple[Volume, ...]:
    """From `volume_inspect`. Raises ValueError when it is no JSON list."""
    return tuple(_volume(found) for found in _list(text))


def read_images(text: str) -> tuple[Image, ...]:
    """From `image_inspect`. Raises ValueError when it is no JSON list."""
    return tuple(
        Image(found["Id"], tuple(found.get("RepoTags") or ()), tuple(found.get("RepoDigests") or ()), found["Size"])
        for found in _list(text)
    )


def pick(containers: Iterable[Container], wanted: str) -> Container | None:
    """The container that `wanted` means: "project/service", a container's name, or the beginning of an id.

    A running one is preferred to a stopped one; of several replicas, the one whose name sorts first.
    """
    fitting = [found for found in containers if wanted in (found.address, found.name) or _is_id(wanted, found.id)]
    return min(fitting, key=lambda found: (not found.running, found.name), default=None)


def _is_id(wanted: str, container_id: str) -> bool:
    return len(wanted) >= 12 and container_id.startswith(wanted)


def _list(text: str) -> list[dict[str, Any]]:
    answer = json.loads(text or "[]")
    if not isinstance(answer, list):
        raise ValueError("docker inspect did not print a list")
    return answer


def _container(found: dict[str, Any]) -> Container:
    config, state = found.get("Config") or {}, found.get("State") or {}
    labels: dict[str, str] = config.get("Labels") or {}
    one_off = labels.get(_COMPOSE + "oneoff", "").lower() == "true"
    return Container(
        id=found["Id"],
        name=found.get("Name", "").lstrip("/"),
        image=config.get("Image", ""),
        image_id=found.get("Image", ""),
        state=state.get("Status", ""),
        started_at=state.get("StartedAt", ""),
        project=labels.get(_COMPOSE + "project", ""),
        service="" if one_off else labels.get(_COMPOSE + "service", ""),
        working_dir=labels.get(_COMPOSE + "project.working_dir", ""),
        config_files=_paths(labels.get(_COMPOSE + "project.config_files", "")),
        env_files=_paths(labels.get(_COMPOSE + "project.environment_file", "")),
        mounts=tuple(_mount(mount) for mount in found.get("Mounts") or ()) + _tmpfs(found),
        variables=_variables(config.get("Env") or ()),
        published=tuple(sorted(set(_published(found)))),
        networks=tuple(_networks(found)),
    )


def _networks(found: dict[str, Any]) -> Iterator[str]:
    networks = (found.get("NetworkSettings") or {}).get("Networks") or {}
    for name in sorted(networks):
        if address := (networks[name] or {}).get("IPAddress") or (networks[name] or {}).get("GlobalIPv6Address"):
            yield address


def _published(found: dict[str, Any]) -> Iterator[int]:
    ports = (found.get("NetworkSettings") or {}).get("Ports") or {}
    for binding in (one for several in ports.values() for one in several or ()):
        if not binding.get("HostIp", "").startswith(("127.", "::1")) and binding.get("HostPort", "").isdigit():
            yield int(binding["HostPort"])


def _mount(mount: dict[str, Any]) -> Mount:
    return Mount(
        kind=mount.get("Type", ""),
        target=mount.get("Destination", ""),
        source=mount.get("Source", ""),
        name=mount.get("Name", ""),
        writable=bool(mount.get("RW", True)),
    )


def _tmpfs(found: dict[str, Any]) -> tuple[Mount, ...]:
    """`--tmpfs` and compose's `tmpfs:` appear here and not among the mounts."""
    return tuple(Mount("tmpfs", target) for target in (found.get("HostConfig") or {}).get("Tmpfs") or ())


def _paths(joined: str) -> tuple[str, ...]:
    return tuple(path for path in joined.split(",") if path)


def _variables(environment: Iterable[str]) -> dict[str, str]:
    pairs = (assignment.partition("=") for assignment in environment)
    return {name: value for name, _, value in pairs if name in KEPT_VARIABLES}


def _volume(found: dict[str, Any]) -> Volume:
    labels: dict[str, str] = found.get("Labels") or {}
    return Volume(
        name=found["Name"],
        driver=found.get("Driver", ""),
        mountpoint=found.get("Mountpoint", ""),
        created_at=found.get("CreatedAt", ""),
        project=labels.get(_COMPOSE + "project", ""),
        labels=labels,
        options=found.get("Options") or {},
    )
