"""Behaviour put around a vault: each layer has the same verbs and an `inner` vault."""

from __future__ import annotations

from outlive.vault.base import Vault


def innermost(vault: Vault) -> Vault:
    """The vault below all layers."""
    inner = getattr(vault, "inner", None)
    return vault if inner is None else innermost(inner)
