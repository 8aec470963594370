"""What an `outlive.toml` may say of looking: how, and whom else than the hosts. One class a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from outlive.model.asset import SecretRef

_STRICT = ConfigDict(extra="forbid")
CANARIES = ("https://www.google.com/generate_204", "https://www.cloudflare.com/cdn-cgi/trace", "9.9.9.9:53")


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
