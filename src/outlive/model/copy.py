"""Copies: what makes one, what it holds, how well it is proven.

A copy exists when its manifest does. The manifest is the JSON of `Manifest`, in clear; it names no row, file or
database: what a stranger with access to the vault may read is sizes, times, checksums and the name of the asset.
Everything else is in the encrypted stream `inventory.json`. The layout is docs/format.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import ConfigDict

FORMAT = "outlive-copy/1"
_STRICT = ConfigDict(extra="forbid")  # an unknown key is from a newer format, which must not be half-read


class Proof(StrEnum):
    """How well a copy is proven, in rising order: put there; bytes re-read; restored in a drill."""

    STORED = "stored"
    VERIFIED = "verified"
    RESTORED = "restored"

    @property
    def rank(self) -> int:
        return list(Proof).index(self)


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a stream: its file name in the copy's folder, its size, and the SHA-256 of its (encrypted) bytes.

    `plain_bytes` is how much of the stream it holds before compression.
    """

    file: str
    bytes: int
    sha256: str
    plain_bytes: int
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class Stream:
    """A named sequence of bytes, cut into parts. The decrypted parts, joined in order, are one zstd file of it.

    `frames` says whether each part begins a new zstd frame ("independent": parts can be opened alone) or one frame runs
    through all of them ("continuous": compressed on the server).
    """

    name: str
    plain_bytes: int
    parts: tuple[Part, ...]
    frames: str = "independent"
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    @property
    def stored_bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What makes a copy exist.

    `lineage` names the thing that was copied (a Postgres system identifier, a volume's birth), not its address.
    `data_until` is the moment up to which writes are surely in the copy: loss is counted from there.
    `sequence` counts the copies of an asset in the order in which they were committed, whatever clocks said.
    `source` holds what a person must know to restore (versions, image), free of secrets.
    `parent` is the id of the copy on which this one builds: without that it is worth nothing. None for a copy that
    stands alone, and then not in the JSON: a reader from before there were others refuses what it would misread.
    """

    id: str
    asset: str
    kind: str
    host: str | None
    lineage: str
    sequence: int
    started_at: datetime
    data_until: datetime
    finished_at: datetime
    streams: tuple[Stream, ...]
    recipients: tuple[str, ...]
    source: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    tool: str = ""
    format: str = FORMAT
    parent: str | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    @property
    def plain_bytes(self) -> int:
        return sum(stream.plain_bytes for stream in self.streams)

    @property
    def stored_bytes(self) -> int:
        return sum(stream.stored_bytes for stream in self.streams)

    def stream(self, name: str) -> Stream | None:
        return next((stream for stream in self.streams if stream.name == name), None)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a drill or a verification looked at. `ok` is None when it could not be looked at."""

    name: str
    ok: bool | None
    detail: str = ""
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class ProofRecord:
    """The outcome of a verification or a drill, kept in the vault beside the copies. A red one has `ok` false."""

    copy: str
    asset: str
    level: Proof
    ok: bool
    at: datetime
    checks: tuple[Check, ...] = ()
    rto_seconds: float | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy as the catalog sees it: its manifest, when the vault's own clock saw it committed, and its proofs.

    `broken` says why a copy that builds on others cannot be counted on: one of them is missing, damaged, or another.
    """

    manifest: Manifest
    committed_at: datetime
    proofs: tuple[ProofRecord, ...] = ()
    broken: str = ""

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def proof(self) -> Proof:
        """The best proof that no later red verification or drill has withdrawn, nor the loss of what it builds on."""
        proven = Proof.STORED
        if self.broken:
            return proven
        for record in sorted(self.proofs, key=lambda record: record.at):
            if not record.ok:
                proven = Proof.STORED
            elif record.level.rank > proven.rank:
                proven = record.level
        return proven

    @property
    def last_drill(self) -> ProofRecord | None:
        drills = [record for record in self.proofs if record.level is Proof.RESTORED]
        return max(drills, key=lambda record: record.at, default=None)

    @property
    def is_damaged(self) -> bool:
        """True when it must not be counted on: its newest verification or drill was red, or what it builds on is not
        whole."""
        newest = max(self.proofs, key=lambda record: record.at, default=None)
        return bool(self.broken) or (newest is not None and not newest.ok)
