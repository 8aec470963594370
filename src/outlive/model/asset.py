"""Assets: what would die with a host, as named in `outlive.toml`.

Each class is at once the configuration of one kind (its fields are the keys of an `[[assets]]` table) and what the
source of that kind is handed. Secrets are never fields: they are references, resolved at the edge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Discriminator

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is to be read: exactly one of an environment variable, a file, or a command's stdout."""

    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class Hook:
    """What is done on the host around a copy so that the files agree with one another.

    `stop` names compose services (or containers) to be stopped before and started after; `before` and `after` are
    shell lines run on the host. What was stopped is started again even when the copy fails or the connection drops.
    """

    stop: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAsset:
    """A whole Postgres cluster, copied physically with BASE_BACKUP over the replication protocol.

    The way in is exactly one of: `container` (compose "project/service" or a container name; relayed through
    `docker exec`), `socket` (a directory on the host, relayed over SSH as `os_user`), `port` (on the host's loopback,
    over SSH), or `dsn` (straight from the keeper).

    `incremental` says whether a copy may hold only what changed since the one before it (Postgres 17 and later): "auto"
    does so for large clusters.
    """

    name: str
    host: str | None = None
    kind: Literal["postgres"] = "postgres"
    container: str | None = None
    socket: str | None = None
    os_user: str = "postgres"
    port: int = 5432
    dsn: SecretRef | None = None
    user: str = "postgres"
    password: SecretRef | None = None
    compress_on: Literal["auto", "keeper", "server"] = "auto"
    incremental: Literal["auto", "always", "never"] = "auto"
    max_rate_bytes: int | None = None
    max_age_seconds: float = 26 * 3600
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresDumpAsset:
    """Every database of a Postgres server, copied logically with the server's own `pg_dump` (ways in as above)."""

    name: str
    host: str | None = None
    kind: Literal["postgres_dump"] = "postgres_dump"
    container: str | None = None
    socket: str | None = None
    os_user: str = "postgres"
    port: int = 5432
    dsn: SecretRef | None = None
    user: str = "postgres"
    password: SecretRef | None = None
    max_age_seconds: float = 26 * 3600
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerVolumeAsset:
    """A named Docker volume, copied with GNU tar."""

    name: str
    host: str
    volume: str
    kind: Literal["docker_volume"] = "docker_volume"
    exclude: tuple[str, ...] = ()
    around: Hook = field(default_factory=Hook)
    max_age_seconds: float = 26 * 3600
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class PathAsset:
    """A directory or file on a host, copied with GNU tar."""

    name: str
    host: str
    path: str
    kind: Literal["path"] = "path"
    exclude: tuple[str, ...] = ()
    around: Hook = field(default_factory=Hook)
    max_age_seconds: float = 26 * 3600
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigAsset:
    """The files that say how a stack is run: compose files, `.env`, Caddyfile, OpenTofu state. Copied with GNU tar."""

    name: str
    host: str
    paths: tuple[str, ...]
    kind: Literal["config"] = "config"
    max_age_seconds: float = 26 * 3600
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesAsset:
    """The container images that a compose project runs, copied with `docker save`."""

    name: str
    host: str
    project: str
    kind: Literal["images"] = "images"
    max_age_seconds: float = 30 * 86400
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporalTls:
    """How a Temporal server's TLS is spoken. `ca` (else the system's authorities) and `certificate` are files of PEM; a
    relative one lies beside `outlive.toml`. `key` belongs to `certificate` (mTLS). `server_name` is the name in the server's
    certificate, where it is not the one that is dialled."""

    ca: str | None = None
    certificate: str | None = None
    key: SecretRef | None = None
    server_name: str | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporalAsset:
    """The namespaces and schedules of a Temporal server, exported through its API.

    The way in is one of: `container` (compose "project/service" or a container's name; over SSH to its address on the
    container network), `port` alone (on the host's loopback, over SSH), or `address` ("name:port", straight from the
    keeper). What runs and what ran is in Temporal's database, which is an asset of its own: `stored_in` is its name, so that
    a recovery knows which of the two copies is the newer. With `api_key` there is always TLS. `namespaces`: only these.
    """

    name: str
    host: str | None = None
    kind: Literal["temporal"] = "temporal"
    container: str | None = None
    port: int = 7233
    address: str | None = None
    namespaces: tuple[str, ...] = ()
    tls: TemporalTls | None = None
    api_key: SecretRef | None = None
    stored_in: str | None = None
    max_age_seconds: float = 26 * 3600
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


Asset = Annotated[
    PostgresAsset | PostgresDumpAsset | DockerVolumeAsset | PathAsset | ConfigAsset | ImagesAsset | TemporalAsset,
    Discriminator("kind"),
]
