"""Whose server a host is: by a state of OpenTofu beside the configuration, or by the names of those whose its address is.
PURE."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from outlive.commands.tofu_state import servers_in
from outlive.model.asset import SecretRef
from outlive.model.host import Host

KINDS = ("cherryservers", "hetzner")
_KINDS = {"cherryservers": "cherryservers", "hcloud": "hetzner"}
_OWNERS = {"cherryservers": re.compile(r"\bcherry[ _-]?servers", re.I), "hetzner": re.compile(r"\bhetzner\b", re.I)}


@dataclass(frozen=True, slots=True)
class Whose:
    """The host's provider, and the words for who says so ("" each: nobody). With a `token` it can be asked; `project` is
    the host's at CherryServers."""

    kind: str = ""
    told_by: str = ""
    token: SecretRef | None = None
    project: str | None = None
    url: str | None = None

    @property
    def can_be_asked(self) -> bool:
        return self.token is not None and (self.project is not None or self.kind != "cherryservers")


NOBODYS = Whose()


@dataclass(frozen=True, slots=True)
class StatedHost:
    """In which file, as which resource and with which id the host stands; `kind` is that of its provider, "" for one that
    Outlive cannot ask."""

    file: str
    resource: str
    server_id: str
    kind: str

    def known(self, host: Host) -> Host:
        """The host, with what it is known by."""
        return replace(host, tofu_state=self.file, tofu_resource=self.resource, server_id=self.server_id or None)


def stated(files: Iterable[tuple[str, bytes]], addresses: Collection[str]) -> StatedHost | None:
    """The one resource that has one of the host's addresses; None where none has, or several. What is no state is passed
    over."""
    found = []
    for file, text in files:
        try:
            servers = servers_in(text)
        except ValueError:
            continue
        found += [
            StatedHost(file, one.resource, one.server_id, _kind(one.resource))
            for one in servers
            if set(addresses) & set(one.addresses)
        ]
    return found[0] if len(found) == 1 else None


def owned_by(names: Iterable[str]) -> str:
    """The kind of provider that goes by one of these names; "" for one that Outlive cannot ask, or where two are named."""
    listed = list(names)
    found = [kind for kind, name in _OWNERS.items() if any(map(name.search, listed))]
    return found[0] if len(found) == 1 else ""


def public(addresses: Iterable[str]) -> list[str]:
    """Those that a registry can say something about."""
    return [one for one in addresses if ipaddress.ip_address(one).is_global]


def _kind(resource: str) -> str:
    """By the type's first word: `module.x.cherryservers_server.web`."""
    return next((_KINDS[word] for part in resource.split(".") if (word := part.partition("_")[0]) in _KINDS), "")
