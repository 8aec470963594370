"""What a local state file of OpenTofu or Terraform (format 4) says of a server."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_ADDRESS = re.compile(r"(public_|access_)?ip(_?v[46])?(_?address(es)?)?|addresse?s?|ipv[46]_address", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StatedServer:
    """A resource that has addresses, as the state remembers it."""

    resource: str
    server_id: str
    addresses: tuple[str, ...]


def read_state(text: bytes, resource: str | None) -> StatedServer:
    """The resource of that address (`type.name`, with its module and index where it has them), or the only one that has
    addresses. Raises ValueError saying what is wrong."""
    found = [one for one in servers_in(text) if resource in (None, one.resource)]
    if not found:
        raise ValueError(f"there is no {resource or 'resource with an address'} in it")
    if len(found) > 1:
        raise ValueError(f"several have addresses: {', '.join(one.resource for one in found)}; name one: tofu_resource")
    return found[0]


def servers_in(text: bytes) -> list[StatedServer]:
    """Everything with an address. Raises ValueError saying what is wrong."""
    instances, _ = read_instances(text)
    found = [
        StatedServer(one.resource, str(one.attributes.get("id", "")), tuple(dict.fromkeys(_addresses(one.attributes))))
        for one in instances
    ]
    return [one for one in found if one.addresses]


@dataclass(frozen=True, slots=True)
class Instance:
    """One managed resource, by its whole address. `is_tainted`: half made, or marked so."""

    resource: str
    attributes: dict[str, Any]
    is_tainted: bool


def read_instances(text: bytes) -> tuple[list[Instance], dict[str, Any]]:
    """All of them, and the outputs' values by name. Those that wait to be destroyed (deposed) are left out. Raises
    ValueError."""
    try:
        document: Any = json.loads(text)
        if not isinstance(document, dict) or document.get("version") != 4:
            raise ValueError("it is no state of format 4")
        outputs = {name: one.get("value") for name, one in document.get("outputs", {}).items()}
        return list(_instances(document)), outputs
    except (AttributeError, TypeError, RecursionError) as error:
        raise ValueError("its resources are not written as in format 4") from error


def _instances(document: dict[str, Any]) -> Iterator[Instance]:
    for resource in document.get("resources", ()):
        if resource.get("mode") != "managed":
            continue
        name = ".".join(filter(None, (resource.get("module"), resource.get("type"), resource.get("name"))))
        for instance in resource.get("instances", ()):
            if instance.get("deposed"):
                continue
            key = instance.get("index_key")
            index = "" if key is None else f"[{json.dumps(key)}]"
            attributes = dict(instance.get("attributes") or {})
            yield Instance(f"{name}{index}", attributes, instance.get("status") == "tainted")


def _addresses(value: Any, key: str = "") -> Iterator[str]:
    """The addresses by which a server is reached, as providers name them. Not its gateway, network or inner address."""
    if isinstance(value, dict) and "private" not in str(value.get("type", "")):
        for name, one in value.items():
            yield from _addresses(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _addresses(one, key)
    elif isinstance(value, str) and _ADDRESS.fullmatch(key):
        try:
            yield str(ipaddress.ip_address(value))
        except ValueError:
            return
