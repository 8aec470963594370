"""Where OpenTofu and Terraform keep the state of a folder, by the note that `init` leaves there. Pure.

The note is `.terraform/terraform.tfstate` (format 3, key `backend`); a folder without one keeps its state in itself. It is
not documented, and has been so since Terraform 0.9; tried with OpenTofu 1.6.2 and Terraform 1.15.5. It holds the settings
that were given to `init`, so nothing of it but these is ever shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

NOTE = "terraform.tfstate"
DATA = ".terraform"  # where TF_DATA_DIR does not say otherwise
_HERE = "local"
_NEVER_LOCKED = frozenset({"inmem", "artifactory", "etcd"})


@dataclass(frozen=True, slots=True)
class Backend:
    """`is_locked`: whether a lock keeps two from applying at once, as far as the note tells."""

    kind: str = _HERE
    is_locked: bool = True

    @property
    def is_remote(self) -> bool:
        return self.kind != _HERE


def read_backend(note: bytes) -> Backend:
    """Raises ValueError when it is no such note."""
    try:
        document: Any = json.loads(note)
        backend = document.get("backend") or {}
        kind, config = backend.get("type", _HERE), backend.get("config") or {}
        if not isinstance(kind, str):
            raise ValueError("its backend has no name")
        return Backend(kind, _is_locked(kind, config))
    except (AttributeError, RecursionError) as error:
        raise ValueError("it is not written as `init` writes it") from error


def _is_locked(kind: str, config: dict[str, Any]) -> bool:
    """S3 has a lock only where one is asked for ("Backend Type: s3", State Locking); `http` where it has an address."""
    if kind == "s3":
        return bool(config.get("use_lockfile") or config.get("dynamodb_table"))
    if kind == "http":
        return bool(config.get("lock_address"))
    return kind not in _NEVER_LOCKED
