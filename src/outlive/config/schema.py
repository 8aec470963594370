"""What an `outlive.toml` may say. One class a table; the `[[assets]]` tables are the classes of `model/asset.py`.

After loading, every path is absolute: relative ones are meant from the folder of the file. Durations are seconds and
sizes are bytes; the key's name says which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from outlive.config.schema_people import AlertSettings, PageSettings
from outlive.config.schema_watch import LokiSettings, ProviderSettings, TofuSettings, WatchSettings
from outlive.model.asset import Asset, SecretRef
from outlive.model.host import Host

_STRICT = ConfigDict(extra="forbid")
Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSettings:
    """Where copies rest: `file:///folder`, a folder beside this file, or `s3://bucket/prefix`.

    `read_back` is the share (0 to 1) of parts that are read again right after they were written. With `lock_days`, what
    is put into a bucket with Object Lock is locked for so long.
    """

    url: str
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key: SecretRef | None = None
    secret_key: SecretRef | None = None
    path_style: bool = True
    read_back: Annotated[float, Field(ge=0, le=1)] = 1.0
    lock_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    lock_mode: Literal["COMPLIANCE", "GOVERNANCE"] = "COMPLIANCE"
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    @property
    def is_s3(self) -> bool:
        return self.url.startswith("s3://")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """To whom copies are encrypted (age public keys), and the private key that drills open them with."""

    recipients: tuple[str, ...]
    drill_identity: Path | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many copies of an asset `outlive prune` leaves: the newest ones, and one a day, week and month."""

    last: Annotated[int, Field(ge=1)] = 7
    daily: Count = 14
    weekly: Count = 8
    monthly: Count = 12
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperSettings:
    """The keeper's own files: its memory, the host keys it has pinned, and how large the parts of a copy are.

    `allow_same_host` is the reason, in writing, why the keeper may sit on a host that it guards; without one it refuses.
    """

    state: Path = Path("state")
    known_hosts: Path = Path("known_hosts")
    part_bytes: Annotated[int, Field(ge=1 << 20, le=256 << 20)] = 32 << 20
    allow_same_host: Annotated[str, Field(min_length=10)] | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What `outlive keep` does how often, and whether it streams the log of physical Postgres assets meanwhile.

    `ship_every_seconds` is how often log that has come is put into the vault: about what is lost at the worst.
    `database` is a SQLAlchemy URL for the keeper's memory, which must not lie on what is guarded; SQLite else.
    """

    backup_every_seconds: Annotated[float, Field(ge=60)] = 86400
    drill_every_seconds: Annotated[float, Field(ge=60)] = 86400
    prune_every_seconds: Annotated[float, Field(ge=0)] = 86400
    mirror_every_seconds: Annotated[float, Field(ge=60)] = 3600
    stream: bool = True
    ship_every_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 2.0
    database: SecretRef | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSettings:
    """A cron job of yours that tells the keeper when it ran, at the page's `/ping/<id>`: `id` is a secret that nobody
    guesses. It should tell every `every_seconds`; `grace_seconds` later it is missing. `host` is where it runs."""

    name: str
    id: SecretRef
    every_seconds: Annotated[float, Field(ge=60)]
    grace_seconds: Annotated[float, Field(ge=10)] = 300.0
    host: str | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalSettings:
    """That `host` comes back on a scratch machine every so often, and is taken down again: `to` is that machine as in
    `outlive recover --to`, its key pinned beforehand; `runbook` a shipped one or a file. A runbook that orders its machine
    needs no `to`."""

    host: str
    to: str = ""
    runbook: str = "lost-host"
    every_seconds: Annotated[float, Field(ge=86400)] = 30 * 86400.0
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Unguarded:
    """Something that dies with its host and is left to die, on purpose: `status` shows it with the reason."""

    kind: str
    name: str
    why: str
    host: str | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The tables of the file, as written."""

    vault: VaultSettings
    keys: KeySettings
    mirror: VaultSettings | None = None
    retention: Retention = field(default_factory=Retention)
    keeper: KeeperSettings = field(default_factory=KeeperSettings)
    schedule: Schedule = field(default_factory=Schedule)
    watch: WatchSettings = field(default_factory=WatchSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    page: PageSettings = field(default_factory=PageSettings)
    hosts: tuple[Host, ...] = ()
    assets: tuple[Asset, ...] = ()
    unguarded: tuple[Unguarded, ...] = ()
    providers: tuple[ProviderSettings, ...] = ()
    tofu: tuple[TofuSettings, ...] = ()
    loki: tuple[LokiSettings, ...] = ()
    crons: tuple[CronSettings, ...] = ()
    rehearsals: tuple[RehearsalSettings, ...] = ()
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A loaded `outlive.toml`: checked, with absolute paths. `base` is its folder."""

    path: Path
    base: Path
    vault: VaultSettings
    keys: KeySettings
    retention: Retention
    keeper: KeeperSettings
    schedule: Schedule
    hosts: tuple[Host, ...]
    assets: tuple[Asset, ...]
    unguarded: tuple[Unguarded, ...]
    mirror: VaultSettings | None = None
    watch: WatchSettings = field(default_factory=WatchSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    providers: tuple[ProviderSettings, ...] = ()
    tofu: tuple[TofuSettings, ...] = ()
    loki: tuple[LokiSettings, ...] = ()
    crons: tuple[CronSettings, ...] = ()
    rehearsals: tuple[RehearsalSettings, ...] = ()
    page: PageSettings = field(default_factory=PageSettings)

    def host(self, name: str) -> Host | None:
        return next((host for host in self.hosts if host.name == name), None)

    def asset(self, name: str) -> Asset | None:
        return next((asset for asset in self.assets if asset.name == name), None)
