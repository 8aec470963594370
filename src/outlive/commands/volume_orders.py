"""Orders to Hetzner Cloud for a detachable volume, and how its answers are read. PURE. Shapes: docs.hetzner.cloud,
"Volumes", "Volume Actions", "Get all prices"; field names as in its own client (hcloud-go, schema/volume.go, pricing.go)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from outlive.commands.orders import LABEL

LEAST_GIGABYTES, MOST_GIGABYTES = 10, 10240  # docs.hetzner.cloud, "Create a Volume"


@dataclass(frozen=True, slots=True)
class Volume:
    """As the provider tells it. `server` is the id of the machine it is attached to, "" when it is attached to none;
    `device` the path at which Linux finds this very volume, whatever else is plugged in."""

    id: str
    name: str
    status: str
    gigabytes: int
    device: str
    location: str
    server: str = ""
    is_protected: bool = False

    @property
    def is_there(self) -> bool:
        """Made, and not being made."""
        return self.status == "available"


def volume_name(host: str, asset: str, key: str) -> str:
    """`web-1-uploads-0f3c2a1b`: the same at every attempt of a run, and of this run alone."""
    plain = re.sub(r"[^a-z0-9]+", "-", f"{host}-{asset}".lower()).strip("-")[:54].strip("-") or "data"
    return f"{plain}-{key[:8]}"


def create(name: str, gigabytes: int, server: str) -> tuple[str, dict[str, Any]]:
    """At the server's own location, attached to it, blank: no `format`, so that the provider makes no file system, and no
    `automount`. Hetzner refuses a second volume of one name in a project."""
    labels = {LABEL: name}
    body = {"name": name, "size": gigabytes, "server": int(server), "labels": labels, "automount": False}
    return "/volumes", body


def by_name(name: str) -> str:
    return f"/volumes?name={quote(name, safe='')}"


def by_id(volume: str) -> str:
    return f"/volumes/{quote(volume, safe='')}"


def attach(volume: str, server: str) -> tuple[str, dict[str, Any]]:
    return f"{by_id(volume)}/actions/attach", {"server": int(server), "automount": False}


def detach(volume: str) -> tuple[str, dict[str, Any]]:
    return f"{by_id(volume)}/actions/detach", {}


def protect(volume: str) -> tuple[str, dict[str, Any]]:
    """Against deletion, by whomever, until somebody takes that away in the console."""
    return f"{by_id(volume)}/actions/change_protection", {"delete": True}


PRICES = "/pricing"


def offer(body: Any, gigabytes: int) -> str:
    """`20 GB: 0.0440 EUR a GB and month, 0.88 EUR monthly`, without tax. Raises ValueError."""
    try:
        prices = body["pricing"]
        net, currency = str(prices["volume"]["price_per_gb_month"]["net"]), str(prices["currency"])
        monthly = float(net) * gigabytes
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError("no price of volumes is told") from error
    return f"{gigabytes} GB: {net[:6]} {currency} a GB and month, {monthly:.2f} {currency} monthly"


def read_list(body: Any) -> list[Volume]:
    """Raises ValueError."""
    listed = body.get("volumes") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise ValueError("the list of volumes is none")
    return [read(one) for one in listed]


def read_one(body: Any) -> Volume:
    """Raises ValueError."""
    return read(body.get("volume") if isinstance(body, dict) else None)


def read(document: Any) -> Volume:
    """Raises ValueError; also when the device is not that of this id: then nothing must be written to it."""
    try:
        identity, server = document["id"], document["server"]
        found = Volume(
            id=str(int(identity)),
            name=str(document["name"]),
            status=str(document["status"]),
            gigabytes=int(document["size"]),
            device=str(document["linux_device"]),
            location=str(document["location"]["name"]),
            server="" if server is None else str(int(server)),
            is_protected=bool(document["protection"]["delete"]),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"a volume cannot be read: {error!r}") from error
    if found.device != f"/dev/disk/by-id/scsi-0HC_Volume_{found.id}":
        raise ValueError(f"the volume {found.id} is told to be at {found.device[:80]!r}, which is not its name")
    return found
