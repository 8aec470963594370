"""Lineages that a person has called intended: immutable notes in the vault, so that a lost keeper forgets none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from outlive.errors import ObjectExists, UsageError
from outlive.model.naming import check_name
from outlive.vault.base import Vault

LINEAGES = "lineages/"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who said when that this lineage is the asset's from then on."""

    asset: str
    lineage: str
    at: datetime
    by: str


def acceptance_key(asset: str, lineage: str) -> str:
    """Raises `UsageError` for what is no name of a lineage."""
    try:
        return f"{LINEAGES}{check_name(asset)}/{check_name(lineage)}.json"
    except ValueError as error:
        raise UsageError(str(error), hint="`outlive copies` shows the lineages.") from error


def accept(vault: Vault, acceptance: Acceptance) -> None:
    """Notes it, durably. A lineage that is already accepted stays as it was noted first."""
    at = acceptance.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = json.dumps({"at": at, "by": acceptance.by}, indent=1) + "\n"
    try:
        vault.put(acceptance_key(acceptance.asset, acceptance.lineage), text.encode())
    except ObjectExists:
        return


def acceptances(vault: Vault, asset: str) -> tuple[Acceptance, ...]:
    """What was accepted, sorted by lineage. A note that cannot be read accepts nothing."""
    found = []
    for info in vault.walk(f"{LINEAGES}{check_name(asset)}/"):
        lineage = info.key.rpartition("/")[2].removesuffix(".json")
        try:
            note = json.loads(vault.get(info.key))
            found.append(Acceptance(asset, lineage, datetime.fromisoformat(note["at"]), str(note["by"])))
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(found)


def accepted(vault: Vault, asset: str) -> frozenset[str]:
    """The accepted lineages of an asset."""
    return frozenset(acceptance.lineage for acceptance in acceptances(vault, asset))
