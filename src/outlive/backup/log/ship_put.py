"""Putting log into the vault: pieces, whole units in their place, marks, histories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from outlive.backup.log.wal_names import Stretch, history_key, stretch_key
from outlive.backup.streams.seal import LYING_VAULT
from outlive.commands import wal
from outlive.commands.wal_timeline import stale_page
from outlive.errors import ObjectExists, OutliveError, VaultFailed
from outlive.sources.wal import WalGone
from outlive.vault.base import Vault
from outlive.vault.encryption import Pieces, Recipient, encrypt
from outlive.vault.frames import FRAME_BYTES, compress_frame


@dataclass(frozen=True, slots=True)
class Place:
    """Where log of one timeline goes, and whose it must be. `began`: where the timeline did."""

    vault: Vault
    folder: str
    recipients: Sequence[Recipient]
    system_identifier: int
    segment_bytes: int
    timeline: int
    began: int

    def put(self, start: int, data: bytes, until: datetime, *, read_back: bool = False) -> Stretch:
        """Stores a stretch (of no bytes: a mark). Raises the vault's errors, and `WalGone` for pages that are not what
        they should be: nothing of that kind may ever join a window."""
        trouble = wal.check_pages(data, start, self.timeline, self.system_identifier)
        if trouble := trouble or stale_page(data, start, self.timeline, self.began):
            raise WalGone(f"the log that came is not what it should be: {trouble}.")
        key = self.key(start, len(data), until)
        sealed = put_log(self.vault, key, data, self.recipients)
        if read_back and not self.vault.holds(key, sealed):
            raise VaultFailed(f"{key}: what was read back is not what was written.", hint=LYING_VAULT)
        return Stretch(key, self.timeline, start, start + len(data), until, len(data) == self.segment_bytes)

    def key(self, start: int, length: int, until: datetime) -> str:
        """Where a stretch goes."""
        return stretch_key(self.folder, self.timeline, start, start + length, until, self.segment_bytes)

    def replace(self, start: int, unit: bytes, until: datetime, pieces: Iterable[str]) -> None:
        """Stores a unit, reads it back, and only then removes its pieces. What cannot be removed (a locked object, a vault
        that is away) stays: it says the same."""
        with suppress(OutliveError):
            self.put(start, unit, until, read_back=True)
            self.forget(pieces)

    def forget(self, keys: Iterable[str]) -> None:
        """Removes what other objects say as well."""
        with suppress(OutliveError):
            for key in keys:
                self.vault.delete(key)

    def put_history(self, text: bytes) -> None:
        """The history of this timeline. Raises the vault's errors."""
        told = wal.read_history(text.decode("utf-8", "replace"))
        if told:
            key = history_key(self.folder, self.timeline, told[-1])
            put_log(self.vault, key, text, self.recipients)


def put_log(vault: Vault, key: str, data: bytes, recipients: Sequence[Recipient]) -> bytes:
    """Compresses, encrypts and stores; returns what is stored. The same log under the same key is no error (its bytes
    differ: age never encrypts twice in the same way)."""
    view = memoryview(data)
    frames = [compress_frame(view[at : at + FRAME_BYTES]) for at in range(0, max(1, len(view)), FRAME_BYTES)]
    sealed = encrypt(Pieces(frames), recipients)
    try:
        vault.put(key, sealed)
    except ObjectExists:
        return vault.get(key)
    return sealed
