"""What we say to `docker compose` (v2), and how its answers are read. What it prints of a stack is full of passwords:
nothing of the environment but PGDATA leaves this file."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
PGDATA = "/var/lib/postgresql/data"  # of the official images up to 17


@dataclass(frozen=True, slots=True)
class Bind:
    """What a service sees at `target`: a volume (`volume` is Docker's name of it, `key` compose's) or a directory of the
    host (`source`)."""

    target: str
    volume: str = ""
    key: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """A compose project as its files say it is."""

    project: str
    services: tuple[str, ...]
    images: tuple[str, ...]
    binds: dict[str, tuple[Bind, ...]] = field(default_factory=dict)
    pgdata: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)  # compose's names of the volumes, by Docker's


@dataclass(frozen=True, slots=True)
class Project:
    """How the project is called, and its files, absolute; the first one's folder is where it runs."""

    name: str
    files: tuple[str, ...]

    def say(self, *words: str) -> tuple[str, ...]:
        named = [word for file in self.files for word in ("--file", file)]
        folder = posixpath.dirname(self.files[0])
        return ("docker", "compose", "--project-name", self.name, "--project-directory", folder, *named, *words)


def config(project: Project) -> tuple[str, ...]:
    return project.say("config", "--format", "json")


def read_config(text: str) -> Stack:
    """Raises ValueError when it is no such document."""
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("services"), dict):
        raise ValueError("docker compose told no services")
    names = {key: str((one or {}).get("name", key)) for key, one in (found.get("volumes") or {}).items()}
    services: dict[str, Any] = found["services"]
    return Stack(
        project=str(found.get("name", "")),
        services=tuple(services),
        images=tuple(sorted({str(one["image"]) for one in services.values() if one.get("image")})),
        binds={name: tuple(_binds(one.get("volumes") or (), names)) for name, one in services.items()},
        pgdata={
            name: value for name, one in services.items() if (value := (one.get("environment") or {}).get("PGDATA"))
        },
        keys={name: key for key, name in names.items()},
    )


def _binds(volumes: Sequence[dict[str, Any]], names: dict[str, str]) -> list[Bind]:
    found = []
    for one in volumes:
        target, source = str(one.get("target", "")), str(one.get("source", ""))
        if one.get("type") == "volume" and source:
            found.append(Bind(target, volume=names.get(source, source), key=source))
        elif one.get("type") == "bind":
            found.append(Bind(target, source=source))
    return found


def data_bind(stack: Stack, service: str, pgdata: str) -> tuple[Bind, str] | None:
    """Where the cluster's files lie: the mount that holds `pgdata`, and the path below it ("" when it is the mount)."""
    fitting = [
        (len(bind.target), bind, pgdata[len(bind.target) :].strip("/"))
        for bind in stack.binds.get(service, ())
        if pgdata == bind.target or pgdata.startswith(bind.target.rstrip("/") + "/")
    ]
    return max(fitting, key=lambda one: one[0])[1:] if fitting else None


def make_volume(name: str, project: str, key: str, run: str) -> tuple[str, ...]:
    """As compose itself would make it, so that it takes it for its own; and with the run that made it."""
    labels = {"com.docker.compose.project": project, "com.docker.compose.volume": key, "outlive.run": run}
    words = [word for label, value in labels.items() if value for word in ("--label", f"{label}={value}")]
    return ("docker", "volume", "create", *words, name)


@dataclass(frozen=True, slots=True)
class Service:
    """A container of the project as `docker compose ps` tells it; `health` is "" when nobody looks."""

    name: str
    state: str
    exit_code: int
    health: str

    @property
    def is_good(self) -> bool:
        """It runs and is not known to be ill; or it has done what it was for."""
        return (self.state == "running" and self.health in ("", "healthy")) or (
            self.state == "exited" and self.exit_code == 0
        )


def ps(project: Project) -> tuple[str, ...]:
    return project.say("ps", "--all", "--format", "json")


def read_ps(text: str) -> tuple[Service, ...]:
    """Compose prints a JSON array or, since 2.21, an object a line. Raises ValueError."""
    found = (
        json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines() if line]
    )
    return tuple(
        Service(str(one["Service"]), str(one["State"]), int(one.get("ExitCode") or 0), str(one.get("Health") or ""))
        for one in found
    )
