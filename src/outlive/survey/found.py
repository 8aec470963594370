"""What a look at a host found. Facts only; what to make of them is `propose.py`."""

from __future__ import annotations

from dataclasses import dataclass

from outlive.commands.docker_objects import Container, Image, Mount, Volume
from outlive.commands.system import HostFacts
from outlive.commands.system_files import DataFile, Weight

UNSEEN = Weight("-", False, None)


@dataclass(frozen=True, slots=True)
class WayIn:
    """How a Postgres was asked: exactly one of `container`, `socket` (with `os_user`), or neither: by DSN."""

    container: str | None = None
    socket: str | None = None
    os_user: str = "postgres"
    port: int = 5432
    user: str = "postgres"


@dataclass(frozen=True, slots=True)
class FoundDatabase:
    """A database. `collation_moved` is true when the server's collation is not the one it was made with: its text
    indexes may then be wrong, here and in every physical copy."""

    name: str
    bytes: int | None
    encoding: str = ""
    extensions: tuple[str, ...] = ()
    collation_recorded: str | None = None
    collation_actual: str | None = None

    @property
    def collation_moved(self) -> bool:
        known = self.collation_recorded is not None and self.collation_actual is not None
        return known and self.collation_recorded != self.collation_actual


@dataclass(frozen=True, slots=True)
class FoundPostgres:
    """A Postgres cluster. `problem` says why it could not be asked; then nothing else is known of it.

    `no_replication` says why it cannot be copied physically; empty when the replication protocol answered.
    """

    way: WayIn
    version: str = ""
    version_num: int = 0
    system_identifier: str = ""
    data_checksums: bool | None = None
    wal_level: str = ""
    max_wal_senders: int | None = None
    in_recovery: bool = False
    data_directory: str = ""
    databases: tuple[FoundDatabase, ...] = ()
    no_replication: str = ""
    problem: str = ""

    @property
    def bytes(self) -> int | None:
        sizes = [database.bytes for database in self.databases if database.bytes is not None]
        return sum(sizes) if sizes else None


@dataclass(frozen=True, slots=True)
class FoundDocker:
    """A Docker engine and what it holds. `problem` says why it could not be asked."""

    version: str = ""
    engine_id: str = ""
    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    images: tuple[Image, ...] = ()
    problem: str = ""

    @property
    def projects(self) -> tuple[str, ...]:
        return tuple(sorted({one.project for one in self.containers if one.project}))

    def users_of(self, volume: str) -> tuple[tuple[Container, Mount], ...]:
        """Who mounts the volume, and where."""
        return tuple(
            (one, mount)
            for one in self.containers
            for mount in one.mounts
            if mount.kind == "volume" and mount.name == volume
        )


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file that says how a compose project is run."""

    project: str
    path: str
    readable: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """One look at one host. `address` is "" for a look at a managed Postgres alone; `host` is then None. `login` is how it
    was seen, where that was not simply as root."""

    address: str
    host: HostFacts | None
    docker: FoundDocker | None = None
    postgres: tuple[FoundPostgres, ...] = ()
    weights: dict[str, Weight] | None = None
    data_files: dict[str, tuple[DataFile, ...]] | None = None
    config_files: tuple[ConfigFile, ...] = ()
    wanted_paths: tuple[str, ...] = ()
    login: str = ""
    sites: tuple[str, ...] = ()  # URLs that a web server's configuration names

    def weight(self, path: str) -> Weight:
        return (self.weights or {}).get(path, UNSEEN)

    def databases_in(self, path: str) -> tuple[DataFile, ...]:
        return (self.data_files or {}).get(path, ())
