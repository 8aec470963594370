"""Orders to providers: a new server, and its power. PURE. Shapes: CherryServers' official clients
(research/incident-and-provider.md 2.1) and docs.hetzner.cloud, "Create a Server", "Server Actions"."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from outlive.model.project import Server

LABEL = "outlive-run"


@dataclass(frozen=True, slots=True)
class Order:
    """A server to be made. `hostname` is of this run alone: by it the server is found again. `keys` are the provider's ids
    (or names) of SSH keys. `user_data` holds a private key and is not shown."""

    hostname: str
    plan: str
    region: str
    image: str
    keys: tuple[str, ...] = ()
    user_data: str = field(default="", repr=False)


def hostname(host: str, key: str) -> str:
    """`web-1-0f3c2a1b`: the host's name and eight digits that are the same at every attempt of a run (RFC 1123: letters,
    digits, hyphens, at most 63)."""
    plain = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[:54].strip("-") or "host"
    return f"{plain}-{key[:8]}"


def cherry(project: str, order: Order) -> tuple[str, dict[str, Any]]:
    """Path and body of the order."""
    body: dict[str, Any] = {
        "plan": order.plan,
        "region": order.region,
        "image": order.image,
        "hostname": order.hostname,
        "ssh_keys": [int(one) if one.isdigit() else one for one in order.keys],
        "user_data": b64encode(order.user_data.encode()).decode(),
        "tags": {LABEL: order.hostname},
    }
    return f"/projects/{quote(project, safe='')}/servers", body


def hetzner(order: Order) -> tuple[str, dict[str, Any]]:
    """Hetzner refuses a second server of one name in a project: the order may be sent again without harm."""
    body: dict[str, Any] = {
        "name": order.hostname,
        "server_type": order.plan,
        "location": order.region,
        "image": order.image,
        "ssh_keys": [int(one) if one.isdigit() else one for one in order.keys],
        "user_data": order.user_data,
        "labels": {LABEL: order.hostname},
    }
    return "/servers", body


def cherry_power(server: str, *, on: bool) -> tuple[str, dict[str, Any]]:
    return f"/servers/{quote(server, safe='')}/actions", {"type": "power_on" if on else "power_off"}


def hetzner_power(server: str, *, on: bool) -> tuple[str, dict[str, Any]]:
    return f"/servers/{quote(server, safe='')}/actions/{'poweron' if on else 'poweroff'}", {}


def cherry_plan(plan: str) -> str:
    """The path of the plan's own document (cherrygo, plans.go: GetBySlug)."""
    return f"/plans/{quote(plan, safe='')}"


def cherry_offer(body: Any) -> str:
    """`Cloud VPS 1: 0.01815 EUR Hourly, 9.99 EUR Monthly`. Raises ValueError."""
    prices = body.get("pricing") if isinstance(body, dict) else None
    if not isinstance(prices, list) or not all(isinstance(one, dict) for one in prices):
        raise ValueError("the plan has no list of prices")
    said = [" ".join(str(one.get(key, "?")) for key in ("price", "currency", "unit")) for one in prices]
    return _offered(body.get("name"), said)


def hetzner_plan(plan: str) -> str:
    """The path of the server type of that name (docs.hetzner.cloud, "Get all Server Types")."""
    return f"/server_types?name={quote(plan, safe='')}"


def hetzner_offer(body: Any, region: str) -> str:
    """`cx22: 0.0060 EUR hourly, 3.79 EUR monthly`, without tax. Raises ValueError."""
    try:
        (found,) = body["server_types"]
        price = next(one for one in found["prices"] if one["location"] == region)
        said = [f"{price[f'price_{unit}']['net']} EUR {unit}" for unit in ("hourly", "monthly")]
    except (LookupError, TypeError, ValueError, StopIteration) as error:
        raise ValueError(f"no price is told for {region}") from error
    return _offered(found.get("description"), said)


def _offered(name: Any, prices: list[str]) -> str:
    return f"{name or 'the plan'}: {', '.join(prices) or 'no price is told'}"


def server_path(server: str) -> str:
    """Of one server, at either provider; DELETE gives it back."""
    return f"/servers/{quote(server, safe='')}"


def is_up(server: Server) -> bool:
    """Made and running, with an address. Whatever else a provider says is not yet."""
    states = {"active", "running"}
    return server.state in states and server.status in ("", "deployed") and bool(server.addresses)


def is_off(server: Server) -> bool:
    """Surely switched off."""
    return server.power == "off" or server.state in ("inactive", "off")
