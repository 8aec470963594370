"""What every kind of drill is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from outlive.backup.restore.room import OnRoom
from outlive.clock import Clock
from outlive.model.copy import Check, ProofRecord
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """What a drill needs besides the copy. `scratch` is where it may make its folder; `fetch_programs` allows getting
    Postgres from PyPI when this machine has none of that major; `on_room` is told beforehand when a copy that builds on
    others needs room for a while."""

    vault: Vault
    identities: Sequence[Identity]
    scratch: Path
    clock: Clock
    fetch_programs: bool = False
    on_room: OnRoom = lambda room: None


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen. `seconds` until the data could be used again, None when it could not; `reached` is a position of the
    log, where there is one; `programs` says which build it was done with. `blamed` is the id of an earlier copy, on which
    this one builds, that is at fault."""

    checks: list[Check]
    seconds: float | None
    reached: str = ""
    programs: str = ""
    blamed: str | None = None


def outcomes(record: ProofRecord, looked: Looked) -> list[ProofRecord]:
    """What is to be noted: the outcome for the copy, and before it the same for the copy that is to blame."""
    return [*([replace(record, copy=looked.blamed)] if looked.blamed else []), record]
