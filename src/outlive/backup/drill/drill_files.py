"""The drill of what was copied with tar: unpacked into a throwaway folder and compared with the inventory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from outlive.backup.restore.restore_files import restore_tar
from outlive.errors import CopyDamaged, RestoreFailed
from outlive.model.copy import Check, Manifest
from outlive.transport.local import LocalShell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


def drill_files(
    vault: Vault, manifest: Manifest, identities: Sequence[Identity], inventory: dict[str, Any], folder: Path
) -> tuple[list[Check], float | None]:
    """The checks, and the seconds until everything lay there again (None when it did not). `restore_tar` itself compares
    members, names and sizes with the inventory; every SQLite database is then read through."""
    target = folder / "files"
    try:
        restored = restore_tar(vault, manifest, identities, LocalShell(), str(target))
    except (CopyDamaged, RestoreFailed) as error:
        return [Check("restore", False, str(error))], None
    checks = [Check("restore", True, f"{restored.files} files, {restored.bytes} bytes, as in the inventory")]
    checks += [_sound(target / str(database["path"])) for database in inventory.get("sqlite", [])]
    checks += [Check("attributes", None, warning) for warning in restored.warnings]
    return checks, restored.seconds


def _sound(path: Path) -> Check:
    """SQLite's own check of every page and index (PRAGMA integrity_check). The name of the file stays out of the result,
    which lies in the vault in clear."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            said = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    except sqlite3.Error as error:
        said = str(error)
    return Check("sqlite", said == "ok", "sound" if said == "ok" else said.splitlines()[0])
