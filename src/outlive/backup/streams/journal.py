"""What an unfinished copy has already sent, so that a second run does not send whole parts twice.

A journal is a file of JSON lines at the keeper, one a part: file name, digest of what is in it, to whom it is sealed, and
the `Part`. A run that was cut leaves it; the next run of the same asset finds parts with the same content in the old
folder and has the vault copy them (no byte travels up). It is a shortcut only: without it, everything is sent again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from outlive.backup.copies.layout import MANIFEST, SUMS, copy_folder
from outlive.backup.copies.lock import StateUnusable
from outlive.errors import NoData, VaultFailed, VaultForbidden
from outlive.model.copy import Part
from outlive.vault.base import Vault

Known = dict[tuple[str, str], Part]


class Journal:
    """The journal of the run under way, and what it knows of earlier, unfinished ones.

    Only parts sealed to the same `recipients` are known again: after a change of keys everything is sealed anew.
    """

    def __init__(self, vault: Vault, folder: Path, asset: str, copy_id: str, recipients: Sequence[str]) -> None:
        self._vault = vault
        self._asset = asset
        self._recipients = sorted(recipients)
        self._lock = threading.Lock()
        folder = folder / asset
        self._path = folder / f"{copy_id}.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._earlier = {path: _read(path, self._recipients) for path in sorted(folder.glob("*.jsonl"))}
            self._file = self._path.open("a")
        except OSError as error:
            raise StateUnusable(f"{error.filename or folder}: {error.strerror}.") from error
        self.reused = 0

    def known(self, file: str, digest: str) -> Iterator[tuple[Part, str]]:
        """Parts with that name and content that unfinished runs had sent, each with its key in the vault."""
        for path, parts in self._earlier.items():
            if part := parts.get((file, digest)):
                yield part, copy_folder(self._asset, path.stem) + part.file

    def reuse(self, part: Part, digest: str) -> Part:
        """Notes a part that the vault has copied from an unfinished run."""
        with self._lock:
            self.reused += 1
        self.sent(part, digest)
        return part

    def sent(self, part: Part, digest: str) -> None:
        """Notes a part that is durable in the vault. That it cannot be noted (a full disk) stops no backup."""
        line = json.dumps({"digest": digest, "recipients": self._recipients, "part": asdict(part)}) + "\n"
        with self._lock, suppress(OSError):
            self._file.write(line)
            self._file.flush()

    def close(self) -> None:
        """Leaves the journal for the next run."""
        with suppress(OSError):  # a full disk: see `sent`
            self._file.close()

    def finish(self) -> None:
        """The copy exists: forgets this run and the earlier ones, and removes what they left in the vault.

        Never raises: the copy is made. What cannot be removed now is tried again by the next run; what the vault
        forbids us to remove is left to `outlive prune`, run by somebody who may.
        """
        self.close()
        self._forget(self._path)
        for path in self._earlier:
            try:
                remove_litter(self._vault, copy_folder(self._asset, path.stem))
            except VaultForbidden:
                pass
            except (VaultFailed, NoData):
                continue
            self._forget(path)

    def _forget(self, path: Path) -> None:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def remove_litter(vault: Vault, folder: str) -> None:
    """Deletes what an unfinished run left in a copy's folder. A folder with a manifest is a copy: it is left alone."""
    keys = [info.key for info in vault.walk(folder)]
    if folder + MANIFEST not in keys:
        # Of a local vault the folder itself may be there, for a part that never came: the delete takes it along.
        for key in keys or [folder + SUMS]:
            vault.delete(key)


def _read(path: Path, recipients: list[str]) -> Known:
    """What a journal says; a last line that was cut by a kill is passed over."""
    known: Known = {}
    for line in path.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
            part = Part(**entry["part"])
            if entry["recipients"] == recipients:
                known[(part.file, entry["digest"])] = part
        except (ValueError, TypeError, KeyError):
            continue
    return known
