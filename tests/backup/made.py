"""Copies made in memory: a source with bytes of our choosing, keys, and ways to take and open copies."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyrage import x25519

from outlive.backup.streams.journal import Journal
from outlive.backup.streams.seal import Sealer, SealPolicy
from outlive.backup.streams.unseal import unseal
from outlive.backup.take import Taken, take
from outlive.clock import Clock
from outlive.model.asset import ConfigAsset
from outlive.model.copy import Manifest, Stream
from outlive.sources.base import Lineage, Outcome, RawStream
from outlive.testing.clock import ManualClock
from outlive.vault.base import Vault

KEY = x25519.Identity.generate()
RECOVERY = x25519.Identity.generate()
STRANGER = x25519.Identity.generate()
ASSET = ConfigAsset(name="made", host="web-1", paths=("/etc/made",))


def policy(part_bytes: int = 1000, **settings: Any) -> SealPolicy:
    """Sealed to the two keys, in small parts."""
    return SealPolicy((KEY.to_public(), RECOVERY.to_public()), part_bytes=part_bytes, **settings)


@dataclass
class Made:
    """A source and its one capture: these streams, of this lineage, on that `parent`. `breaks` is raised after the last
    byte."""

    streams_: Mapping[str, bytes]
    lineage: Lineage = field(default_factory=lambda: Lineage("made-1", {"made": "yes"}))
    clock: Clock = field(default_factory=ManualClock)
    breaks: Exception | None = None
    parent: str | None = None
    is_open: bool = False

    def identify(self) -> Lineage:
        return self.lineage

    @contextmanager
    def capture(self) -> Iterator[Made]:
        self.is_open = True
        try:
            yield self
        finally:
            self.is_open = False

    def streams(self) -> Iterator[RawStream]:
        for name, data in self.streams_.items():
            yield RawStream(name, self._chunks(data))

    def finish(self) -> Outcome:
        return Outcome(self.clock.now(), {"made": True}, {"names": list(self.streams_)}, parent=self.parent)

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        yield data
        if self.breaks:
            raise self.breaks


def take_made(vault: Vault, state: Path, streams: Mapping[str, bytes], **settings: Any) -> Taken:
    """A copy of `ASSET` that holds these streams. `sealed` is the policy, `clock` the clock; the rest is for `Made`."""
    sealed = settings.pop("sealed", policy())
    clock = settings.setdefault("clock", ManualClock())
    return take(ASSET, Made(streams, **settings), vault, sealed, state=state, clock=clock)


def seal_one(
    vault: Vault,
    state: Path,
    chunks: Iterable[bytes],
    sealed: SealPolicy,
    *,
    compressed: bool = False,
    folder: str = "copies/made/one/",
) -> Stream:
    """One stream, without a manifest, in a folder of the vault."""
    recipients = [str(recipient) for recipient in sealed.recipients]
    journal = Journal(vault, state, "made", folder.split("/")[-2], recipients)
    try:
        with Sealer(vault, folder, sealed, journal) as sealer:
            return sealer.seal(RawStream("made", chunks, compressed))
    finally:
        journal.close()


def manifest_of(stream: Stream, copy_id: str = "one") -> Manifest:
    """A manifest for a stream made by `seal_one`."""
    now = ManualClock().now()
    return Manifest(copy_id, "made", "config", "web-1", "made-1", 1, now, now, now, (stream,), ())


def open_stream(vault: Vault, stream: Stream, *keys: object) -> bytes:
    """What a stream made by `seal_one` holds."""
    return b"".join(unseal(vault, manifest_of(stream), stream, list(keys) or [KEY]))


def contents(vault: Vault, manifest: Manifest, *keys: object) -> dict[str, bytes]:
    """Everything that a copy holds, but for its inventory, which must at least be JSON."""
    opened = {
        stream.name: b"".join(unseal(vault, manifest, stream, list(keys) or [KEY])) for stream in manifest.streams
    }
    json.loads(opened.pop("inventory.json"))
    return opened


def our_threads() -> list[str]:
    """Threads of pools that seal or open streams and are still there."""
    return [
        t.name for t in threading.enumerate() if t.name.split("_")[0] in ("compress", "send", "fetch", "decompress")
    ]
