"""What every kind of restore is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from outlive.backup.restore.room import OnRoom
from outlive.clock import Clock
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore needs besides the copy. `scratch` is where a physical copy may be started on its way into a DSN, or
    combined on its way to another host; `on_room` is told beforehand when a copy that builds on others needs room for a
    while."""

    vault: Vault
    identities: Sequence[Identity]
    scratch: Path
    clock: Clock
    fetch_programs: bool = False
    on_progress: Callable[[int], None] = lambda plain: None
    on_room: OnRoom = lambda room: None
