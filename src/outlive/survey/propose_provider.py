"""Whose server a host is: what a state of OpenTofu beside the configuration says of its address. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from outlive.commands.tofu_state import servers_in
from outlive.model.host import Host
from outlive.survey.propose_checks import bare_address

_KINDS = {"cherryservers": "cherryservers", "hcloud": "hetzner"}


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


def stated(files: Iterable[tuple[str, bytes]], host: Host) -> StatedHost | None:
    """The one resource that has the host's address; None where none has, or several. What is no state is passed over."""
    address = bare_address(host.address)
    found = []
    for file, text in files:
        try:
            servers = servers_in(text)
        except ValueError:
            continue
        found += [
            StatedHost(file, one.resource, one.server_id, _kind(one.resource))
            for one in servers
            if address in one.addresses
        ]
    return found[0] if len(found) == 1 else None


def _kind(resource: str) -> str:
    """By the type's first word: `module.x.cherryservers_server.web`."""
    return next((_KINDS[word] for part in resource.split(".") if (word := part.partition("_")[0]) in _KINDS), "")
