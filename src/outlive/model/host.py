"""A host: a machine that is guarded, as named in `outlive.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from outlive.model.check import Check
from outlive.model.journal import Journal
from outlive.model.log_file import LogFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where a host is reached, and what is looked at. `address` is `ssh://[USER@]HOST[:PORT]` or `local` (this machine:
    for trials only). `sudo`: the login is not root, and every command is run through `sudo -n`.

    `addresses` are further ones that are asked as well; `names` are DNS names that should lead here; `urls` are pages, and
    `checks` pages of which more is wanted; `tofu_state` is the file of a local OpenTofu state, of which `tofu_resource` is
    this host; `server_id` is the provider's id of it. `containers`: whether Docker there is asked how its containers stand;
    `logs`: whether what they write is read as well; `log_files` are read too, whoever writes them, and
    what `journals` names of the systemd journal."""

    name: str
    address: str
    ssh_config: str | None = None
    identity_file: str | None = None
    sudo: bool = False
    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    every_seconds: Annotated[float, Field(ge=5)] | None = None
    tofu_state: str | None = None
    tofu_resource: str | None = None
    containers: bool = True
    logs: bool = True
    log_files: Annotated[tuple[LogFile, ...], Field(max_length=20)] = ()
    journals: Annotated[tuple[Journal, ...], Field(max_length=5)] = ()
    server_id: str | None = None
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    @property
    def is_local(self) -> bool:
        return self.address == "local"

    @property
    def all_checks(self) -> tuple[Check, ...]:
        """`urls` are checks that want nothing in particular."""
        return (*(Check(url=url) for url in self.urls), *self.checks)


@dataclass(frozen=True, slots=True)
class SshAddress:
    """`ssh://[user@]host[:port]`, taken apart; `user` and `port` are None where SSH's own configuration decides."""

    host: str
    user: str | None = None
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> SshAddress:
        """Reads `ssh://user@host:port`, `user@host` or `host`. Raises ValueError on anything else."""
        parts = urlsplit(text if "://" in text else f"ssh://{text}")
        if parts.scheme != "ssh" or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"{text!r} is not an address of the form ssh://user@host:port")
        if parts.hostname.startswith("-") or (parts.username or "").startswith("-"):
            raise ValueError(f"{text!r}: a host or user must not begin with '-'")
        return cls(parts.hostname, parts.username, parts.port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@" * bool(self.user) + host + f":{self.port}" * bool(self.port)
