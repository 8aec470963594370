"""What a provider says of a project: its servers and its credit. Pure. One shape for every provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlive.model.observation import rfc3339


@dataclass(frozen=True, slots=True)
class Server:
    """`state` and `power` are the provider's own words; `power` is empty where it does not tell. `addresses` are those by
    which it is reached from outside, `keys` the ids (or names) of SSH keys that it was made with; `created_at` is None
    where the provider said nothing that is a time."""

    id: str
    hostname: str
    state: str
    status: str = ""
    power: str = ""
    addresses: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    image: str = ""
    plan: str = ""
    created_at: datetime | None = None

    def document(self) -> dict[str, Any]:
        """The value of `provider.server`; keys without a word in them are left out."""
        value = {
            "id": self.id,
            "hostname": self.hostname,
            "state": self.state,
            "status": self.status,
            "power": self.power,
            "addresses": list(self.addresses),
            "created_at": rfc3339(self.created_at) if self.created_at else "",
            "ssh_keys": list(self.keys),
            "image": self.image,
            "plan": self.plan,
        }
        return {name: one for name, one in value.items() if one != ""}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All servers of a project, by their id in order. `credit_hours`: until the provider stops them; None where it did not
    tell, and `credit_why` says why not."""

    servers: tuple[Server, ...]
    credit_hours: float | None = None
    credit_why: str = ""
