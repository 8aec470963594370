"""What an `outlive.toml` may say. One class a table; the `[[assets]]` tables are the classes of `model/asset.py`.

After loading, every path is absolute: relative ones are meant from the folder of the file. Durations are seconds and
sizes are bytes; the key's name says which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from outlive.model.asset import Asset, SecretRef
from outlive.model.host import Host

_STRICT = ConfigDict(extra="forbid")
Count = Annotated[int, Field(ge=0)]
CANARIES = ("https://www.google.com/generate_204", "https://www.cloudflare.com/cdn-cgi/trace", "9.9.9.9:53")


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
class WatchSettings:
    """How hosts are looked at. `every_seconds` is how often, unless a host or a check says otherwise. For the provider's
    channel (its API and plans, together) a single look waits `provider_seconds` at most; then there is no data from it.

    `canaries` are independent places (`address:port`, or a URL, whose clock is then compared with ours): when a host does
    not answer and none of them does, it is the keeper that sees nothing. `resolvers` are addresses of DNS resolvers,
    this machine's else; `ca_file` holds further certificate authorities; `rdap` is where domains are looked up. What was
    seen is kept for `keep_days`, and at most `keep_rows` of it. A service that is restarted more than `restarts` times in
    `restart_window_seconds` is in a crash loop; one that writes more than `stderr_bytes_per_minute` or
    `stderr_lines_per_minute` to its standard error floods it.
    """

    every_seconds: Annotated[float, Field(ge=5)] = 30.0
    timeout_seconds: Annotated[float, Field(ge=1, le=60)] = 10.0
    provider_seconds: Annotated[float, Field(ge=1, le=600)] = 60.0
    canaries: tuple[str, ...] = CANARIES
    resolvers: tuple[str, ...] = ()
    ca_file: Path | None = None
    rdap: str = "https://rdap.org"
    keep_days: Annotated[float, Field(ge=1)] = 90.0
    keep_rows: Annotated[int, Field(ge=1000)] = 200_000
    restarts: Annotated[int, Field(ge=1, le=1000)] = 3
    restart_window_seconds: Annotated[float, Field(ge=10, le=3600)] = 600.0
    stderr_bytes_per_minute: Annotated[int, Field(ge=1000)] = 1 << 20
    stderr_lines_per_minute: Annotated[int, Field(ge=10)] = 3000
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """A way to somebody: an Apprise URL, by reference. `step` 1 is told at once, the next when nobody has acknowledged
    within `escalate_after_seconds`. What is less urgent than `least` is not told here; `quiet_hours` count here or not."""

    name: str
    url: SecretRef
    step: Annotated[int, Field(ge=1, le=9)] = 1
    least: Literal["low", "high", "data_loss"] = "low"
    quiet_hours: bool = True
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Who is told of incidents, and how often. In `quiet_hours` ("22:00-07:00", of `timezone`) only loss of data is told.
    `heartbeat` is the ping URL of a receiver outside, which raises the alarm when the keeper falls silent. `link` ends
    every message; {id} is the incident's number."""

    repeat_every_seconds: Annotated[float, Field(ge=60)] = 14400.0
    escalate_after_seconds: Annotated[float, Field(ge=60)] = 900.0
    test_every_seconds: Annotated[float, Field(ge=3600)] = 604800.0
    quiet_hours: str | None = None
    timezone: str = "UTC"
    link: str | None = None
    heartbeat: SecretRef | None = None
    heartbeat_every_seconds: Annotated[float, Field(ge=10)] = 60.0
    channels: tuple[ChannelSettings, ...] = ()
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """A project at a provider that is asked what it has. `kind` is cherryservers, hetzner, or static (a `file`). `project`
    and `team` are its ids at CherryServers; `token` wants to read only. Of the attributes and server ids in `ignore`
    nobody wants to hear; credit for less than `credit_days` is an alarm.
    """

    name: str
    kind: Literal["cherryservers", "hetzner", "static"]
    token: SecretRef | None = None
    project: str | None = None
    team: str | None = None
    file: Path | None = None
    url: str | None = None
    every_seconds: Annotated[float, Field(ge=30)] = 300.0
    credit_days: Annotated[float, Field(ge=0)] = 7.0
    ignore: tuple[str, ...] = ()
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class LokiSettings:
    """A Grafana Loki that holds what the services of `host` write: `query` is a plain selector. With a `user` the `token` is
    its password (Grafana Cloud), without it a bearer token; `tenant` is the X-Scope-OrgID of a Loki with several. With
    `tail` the keeper also listens.
    """

    name: str
    url: str
    query: Annotated[str, Field(min_length=3, max_length=4096)]
    host: str
    user: str | None = None
    token: SecretRef | None = None
    tenant: str | None = None
    tail: bool = False
    every_seconds: Annotated[float, Field(ge=10)] = 60.0
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class TofuSettings:
    """A folder of OpenTofu or Terraform (`program`), initialised, that is asked what changed behind its back. No other
    `workspace` may be selected. Of what `ignore` names (`attribute`, or `address.attribute`) nobody wants to hear. All of
    it together takes `timeout_seconds` at most; then there is no data."""

    name: str
    folder: Path
    program: str = "tofu"
    workspace: str | None = None
    ignore: tuple[str, ...] = ()
    every_seconds: Annotated[float, Field(ge=300)] = 3600.0
    timeout_seconds: Annotated[float, Field(ge=1, le=600)] = 60.0
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
class OidcPerson:
    """Who may come in: by exactly one of the provider's own `subject`, an `email` that it has verified, or a `group`.
    Who may act may read."""

    subject: str | None = None
    email: str | None = None
    group: str | None = None
    may: Literal["read", "act"] = "read"
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """An OpenID Connect provider with which people sign in to the page, beside its password. `url` is how browsers reach
    the page; the provider has to know `url`/oidc/back. Without a `client_secret` the client is a public one (PKCE alone).
    `scopes` are asked for; groups are those of the claim `groups_claim`. Nobody comes in who is not of `people`."""

    issuer: str
    client_id: str
    url: str
    enabled: bool = False
    client_secret: SecretRef | None = None
    scopes: tuple[str, ...] = ("openid", "email")
    groups_claim: str = "groups"
    people: tuple[OidcPerson, ...] = ()
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """The page that `outlive keep` serves. `listen` is a loopback `address:port`: to be reached from elsewhere it wants a
    tunnel, a proxy that speaks TLS, or a `tls_certificate` with its `tls_key` (PEM files): then it may listen anywhere.
    `names` are the hosts that browsers may ask for. `password` is where the argon2 hash of the password is; without one
    it is what `outlive page` has made below the keeper's state. `public`: everybody may see how the hosts are.
    """

    listen: Annotated[str, Field(pattern=r"^([0-9.]+|\[[0-9a-f:]+\]|localhost):[0-9]{1,5}$")] = "127.0.0.1:8722"
    enabled: bool = True
    public: bool = False
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    names: tuple[str, ...] = ()
    password: SecretRef | None = None
    oidc: OidcSettings | None = None
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
