"""What a copy remembers of the keeper that took it: its configuration and the host keys it had pinned, in the encrypted
inventory, so that whoever has a key can set up a keeper again from the vault alone (`outlive adopt`). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEEPER = "keeper"
CONFIG = "outlive.toml"
KNOWN_HOSTS = "known_hosts"


def kept(inventory: dict[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """The inventory with the keeper's files, by name; as it was where there are none."""
    return inventory | {KEEPER: dict(files)} if files else inventory


def files(inventory: Mapping[str, Any]) -> dict[str, str]:
    """The keeper's files by name. Nothing for a copy from before they went along, or where they are no text."""
    found = inventory.get(KEEPER)
    if not isinstance(found, dict):
        return {}
    return {name: text for name, text in found.items() if isinstance(name, str) and isinstance(text, str)}
