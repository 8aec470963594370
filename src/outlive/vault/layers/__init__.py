"""Behaviour put around a vault: each layer has the same verbs and an `inner` vault."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from outlive.vault.base import Vault
from outlive.vault.lock_rule import LockMode, LockRule


@runtime_checkable
class Locking(Protocol):
    """A layer that locks what is put."""

    rule: LockRule

    def locked_until(self, key: str) -> tuple[datetime, LockMode] | None:
        """Until when the store keeps the object, and how; None when it is not locked."""


def innermost(vault: Vault) -> Vault:
    """The vault below all layers."""
    inner = getattr(vault, "inner", None)
    return vault if inner is None else innermost(inner)


def lock_of(vault: Vault) -> Locking | None:
    """The locking layer of a vault, wherever it is in the row of layers."""
    found: object = vault
    while found is not None:
        if isinstance(found, Locking):
            return found
        found = getattr(found, "inner", None)
    return None


def locked_until(vault: Vault, key: str) -> datetime | None:
    """Until when the vault keeps that object whatever is asked of it; None where nothing is locked by us."""
    layer = lock_of(vault)
    found = layer.locked_until(key) if layer else None
    return found[0] if found else None
