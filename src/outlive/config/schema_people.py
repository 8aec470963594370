"""What an `outlive.toml` may say of people: who is told, and who may come in to the page. One class a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from outlive.model.asset import SecretRef

_STRICT = ConfigDict(extra="forbid")


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
