"""What an unfinished copy has already sent, so that a second run does not send whole parts twice.

A journal is a file of JSON lines at the keeper, one a part: file name, digest of its plaintext, and the `Part`. A run
that was cut leaves it; the next run of the same asset finds parts with the same plaintext in the old folder and has
the vault copy them (no byte travels). It is a shortcut only: without it, everything is sent again.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from pathlib import Path

from outlive.backup.layout import MANIFEST, copy_folder
from outlive.errors import NoData, VaultFailed
from outlive.model.copy import Part
from outlive.vault.base import Vault


class Journal:
    """The journal of the run under way, and what it knows of an earlier, unfinished one."""

    def __init__(self, vault: Vault, folder: Path, asset: str, copy_id: str) -> None:
        self._vault = vault
        self._asset = asset
        self._lock = threading.Lock()
        folder = folder / asset
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / f"{copy_id}.jsonl"
        self._earlier = {path: _read(path) for path in sorted(folder.glob("*.jsonl"))}
        self._file = self._path.open("a")
        self.reused = 0

    def reuse(self, file: str, plain_sha256: str, target: str) -> Part | None:
        """The part, when an unfinished run had sent the same plaintext as `file` and the vault could copy it."""
        for path, known in self._earlier.items():
            part = known.get((file, plain_sha256))
            if part is None:
                continue
            try:
                self._vault.copy(copy_folder(self._asset, path.stem) + part.file, target)
            except (VaultFailed, NoData):
                continue  # the old part is gone or the store cannot copy: it is simply sent again
            self.reused += 1
            self.sent(part, plain_sha256)
            return part
        return None

    def sent(self, part: Part, plain_sha256: str) -> None:
        """Notes a part that is durable in the vault."""
        with self._lock:
            self._file.write(json.dumps({"plain_sha256": plain_sha256, "part": asdict(part)}) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Leaves the journal for the next run."""
        self._file.close()

    def finish(self) -> None:
        """The copy exists: forgets this run and the earlier ones, and removes what they left in the vault."""
        self.close()
        self._path.unlink(missing_ok=True)
        for path in self._earlier:
            remove_litter(self._vault, copy_folder(self._asset, path.stem))
            path.unlink(missing_ok=True)


def remove_litter(vault: Vault, folder: str) -> None:
    """Deletes what an unfinished run left in a copy's folder. A folder with a manifest is a copy: it is left alone."""
    keys = [info.key for info in vault.walk(folder)]
    if folder + MANIFEST not in keys:
        for key in keys:
            vault.delete(key)


def _read(path: Path) -> dict[tuple[str, str], Part]:
    """What a journal says; a last line that was cut by a kill is passed over."""
    known = {}
    for line in path.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
            part = Part(**entry["part"])
        except (ValueError, TypeError, KeyError):
            continue
        known[(part.file, entry["plain_sha256"])] = part
    return known
