"""A machine by the names that the gate and every later step want, from a state or a plan of OpenTofu. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outlive.commands.tofu_state import read_instances
from outlive.recovery.resources import address_in, name_in

OUTPUT = "output."
KEYS = ("id", "address", "hostname")


@dataclass(frozen=True, slots=True)
class Stated:
    """What is not told is "". `is_tainted`: it was half made, or somebody marked it so."""

    id: str
    address: str
    hostname: str
    is_tainted: bool = False


def read(document: bytes, resource: str, where: Mapping[str, str]) -> Stated | None:
    """The resource of that address; None when the state has none. `where` says for `id`, `address` and `hostname` in which
    attribute it stands (`network.0.ip`), or in which output (`output.vm_host`); what is not said is found by its usual
    name. Raises ValueError."""
    if not document.strip():
        return None  # nothing was ever applied in this workspace
    instances, outputs = read_instances(document)
    found = next((one for one in instances if one.resource == resource), None)
    if found is None:
        return None
    id, address, hostname = (told(key, found.attributes, outputs, where.get(key, "")) for key in KEYS)
    return Stated(id, address, hostname, found.is_tainted)


def told(key: str, values: Mapping[str, Any], outputs: Mapping[str, Any], where: str) -> str:
    """One of `KEYS`."""
    if not where:
        usual = {"id": values.get("id"), "address": address_in(values), "hostname": name_in(values)}
        return _text(usual[key])
    if where.startswith(OUTPUT):
        return _text(outputs.get(where.removeprefix(OUTPUT)))
    value: Any = values
    for part in where.split("."):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return _text(value)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
