"""What the provider knows, and the documents in which its API says so. PURE.

The shapes are CherryServers', as its official clients read them (cherrygo, the Python SDK, the Terraform provider); all
values are invented.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

TEAM_ID = 9001
PROJECT_ID = 100200
PROJECT = {"id": PROJECT_ID, "name": "shop", "href": f"/projects/{PROJECT_ID}"}
REGION = {"id": 1, "name": "EU-Nord-1", "slug": "eu_nord_1", "region_iso_2": "LT", "location": "Lithuania, Šiauliai"}
PLAN = {"id": 625, "name": "Cloud VPS 1", "slug": "cloud_vps_1", "type": "vps", "category": "Shared resources"}
IMAGE = {"name": "Debian 12 64bit", "slug": "debian_12_64bit"}


@dataclass(slots=True)
class Server:
    """A server as the provider sees it. `created_at` is RFC 3339; `address` is its primary one."""

    id: int
    hostname: str
    address: str
    created_at: str
    state: str = "active"
    status: str = "deployed"
    power: str = "on"
    ssh_keys: list[int] = field(default_factory=list)
    traffic_used_bytes: int = 1_462_830


@dataclass(slots=True)
class Key:
    """A public key that is written to new machines; `key` as OpenSSH writes it."""

    id: int
    label: str
    key: str
    created: str


@dataclass(slots=True)
class Knowledge:
    """All of it. `remaining_hours` is how long the team's credit will last."""

    servers: list[Server] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    remaining_hours: int = 6586


def server(one: Server, known: Knowledge) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": PLAN["name"],
        "href": f"/servers/{one.id}",
        "hostname": one.hostname,
        "username": "root",
        "password": "",
        "image": IMAGE["name"],
        "deployed_image": IMAGE,
        "spot_instance": False,
        "state": one.state,
        "status": one.status,
        "power": one.power,
        "region": REGION,
        "plan": PLAN,
        "project": PROJECT,
        "ip_addresses": [_ip(one)],
        "ssh_keys": [key(found) for found in known.keys if found.id in one.ssh_keys],
        "tags": {},
        "termination_date": "None",
        "created_at": one.created_at,
        "traffic_used_bytes": one.traffic_used_bytes,
    }


def ip(one: Server) -> dict[str, Any]:
    """Its primary address as `/ips` shows it: with the server that it leads to."""
    target = {"id": one.id, "hostname": one.hostname, "state": one.state, "created_at": one.created_at}
    return {**_ip(one), "assigned_to": target, "targeted_to": target, "project": PROJECT}


def key(one: Key) -> dict[str, Any]:
    return {
        "id": one.id,
        "label": one.label,
        "key": one.key,
        "fingerprint": _md5_fingerprint(one.key),
        "created": one.created,
        "updated": one.created,
        "href": f"/ssh-keys/{one.id}",
    }


def team(known: Knowledge) -> dict[str, Any]:
    account = {"remaining": round(known.remaining_hours * 0.01815, 2), "usage": 0.01815, "currency": "EUR"}
    resources = {"remaining": {"time": known.remaining_hours, "unit": "Hourly"}}
    return {
        "id": TEAM_ID,
        "name": "shop",
        "credit": {"account": account, "promo": {"remaining": 0, "currency": "EUR"}, "resources": resources},
        "href": f"/teams/{TEAM_ID}",
    }


def _ip(one: Server) -> dict[str, Any]:
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"ip:{one.address}"))
    return {
        "id": identity,
        "address": one.address,
        "address_family": 4,
        "cidr": f"{one.address}/32",
        "type": "primary-ip",
        "region": REGION,
        "ptr_record": "",
        "a_record": "",
        "ddos_scrubbing": False,
        "tags": {},
        "href": f"/ips/{identity}",
    }


def _md5_fingerprint(public: str) -> str:
    """As the API shows it: `4b:10:...`."""
    digest = hashlib.md5(base64.b64decode(public.split()[1]), usedforsecurity=False).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, 32, 2))
