"""From a stream of bytes to parts in the vault, in bounded memory.

    chunks -> frames of 4 MiB, compressed on every core -> a part of 32 MiB plaintext -> age -> put -> read back

Nothing waits on a temporary disk. What is in memory at once is a handful of frames and, at most, `PENDING_BYTES` of
sealed parts on their way. The first error anywhere stops the stream and is raised; nothing here makes a copy exist.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from outlive.backup.copies.layout import part_file
from outlive.backup.streams.journal import Journal
from outlive.backup.streams.unseal import fetch
from outlive.errors import CopyDamaged, NoData, ObjectMissing, VaultFailed
from outlive.model.copy import Part, Stream
from outlive.sources.base import RawStream
from outlive.vault.base import Vault
from outlive.vault.encryption import Pieces, Recipient, encrypt
from outlive.vault.frames import FRAME_BYTES, compress_frame

PART_BYTES = 32 << 20
PENDING_BYTES = 40 << 20
WORKERS = max(2, min(4, os.cpu_count() or 2))
AHEAD = 2 * WORKERS  # frames read before they are compressed: nobody waits for the other at every one


@dataclass(frozen=True, slots=True)
class SealPolicy:
    """How streams become parts. `part_bytes` is plaintext; `read_back` is the share of parts that are read again
    right after they were written (the first of each stream always is)."""

    recipients: tuple[Recipient, ...]
    part_bytes: int = PART_BYTES
    read_back: float = 1.0
    on_progress: Callable[[int, int], None] = field(default=lambda plain, stored: None)


@dataclass(slots=True)
class _Draft:
    """A part being filled."""

    frames: list[bytes] = field(default_factory=list)
    frames_bytes: int = 0
    plain_bytes: int = 0

    def add(self, frame: bytes, plain_bytes: int) -> None:
        self.frames.append(frame)
        self.frames_bytes += len(frame)
        self.plain_bytes += plain_bytes

    def digest(self) -> str:
        """By which the journal knows the same content again, in hexadecimal."""
        digest = hashlib.sha256()
        for frame in self.frames:
            digest.update(frame)
        return digest.hexdigest()

    def pieces(self) -> Pieces:
        """The frames to be read once: with that they are gone from here, and from memory as they are read."""
        pieces = Pieces(self.frames)
        self.frames = []
        return pieces


@dataclass(frozen=True, slots=True)
class _Stored:
    """A part in the vault, and how many bytes were sent for it (none when it was there from an unfinished run)."""

    part: Part
    sent_bytes: int


class Sealer:
    """Seals the streams of one copy into one folder of the vault. A context manager: it owns its threads."""

    def __init__(self, vault: Vault, folder: str, policy: SealPolicy, journal: Journal) -> None:
        self._vault = vault
        self._folder = folder
        self._policy = policy
        self._journal = journal
        self._compressors = ThreadPoolExecutor(WORKERS, "compress")
        self._senders = ThreadPoolExecutor(3, "send")
        self._sending: deque[tuple[Future[_Stored], int]] = deque()
        self._parts: list[Part] = []  # of the stream that is being sealed

    def __enter__(self) -> Sealer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        for pool in (self._compressors, self._senders):
            pool.shutdown(wait=True, cancel_futures=kind is not None)

    @property
    def part_bytes(self) -> int:
        return self._policy.part_bytes

    def seal(self, raw: RawStream) -> Stream:
        """Stores the stream and returns what the manifest says of it. All its parts are durable when this returns."""
        writer = _PartWriter(self, raw.name)
        self._parts = []
        if raw.compressed:
            for block in blocks(raw.chunks, min(FRAME_BYTES, self._policy.part_bytes)):
                writer.add(bytes(block), len(block))
        else:
            self._compress(raw.chunks, writer)
        writer.close()
        self._settle(0)
        plain = sum(part.plain_bytes for part in self._parts)
        return Stream(raw.name, plain, tuple(self._parts), "continuous" if raw.compressed else "independent")

    def _compress(self, chunks: Iterable[bytes | memoryview], writer: _PartWriter) -> None:
        waiting: deque[tuple[Future[bytes], int]] = deque()
        for block in blocks(chunks, min(FRAME_BYTES, self._policy.part_bytes)):
            waiting.append((self._compressors.submit(compress_frame, block), len(block)))
            if len(waiting) > AHEAD:
                future, size = waiting.popleft()
                writer.add(future.result(), size)
        while waiting:
            future, size = waiting.popleft()
            writer.add(future.result(), size)

    def send(self, file: str, draft: _Draft, *, first: bool) -> None:
        """Hands a full part to a sender, who encrypts and stores it: reading and compressing go on meanwhile."""
        read_back = first or random.random() < self._policy.read_back
        size = draft.frames_bytes  # age adds some hundred bytes
        self._sending.append((self._senders.submit(self._store, file, draft, read_back), size))

    def _store(self, file: str, draft: _Draft, read_back: bool) -> _Stored:
        """In a sender's thread. The part is durable when this returns."""
        digest = draft.digest()
        for part, source in self._journal.known(file, digest):
            if self._copied(part, source, read_back):
                return _Stored(self._journal.reuse(part, digest), 0)
        sealed = encrypt(draft.pieces(), self._policy.recipients)
        part = Part(file, len(sealed), hashlib.sha256(sealed).hexdigest(), draft.plain_bytes)
        self._put(part, sealed, digest, read_back)
        return _Stored(part, part.bytes)

    def _copied(self, part: Part, source: str, read_back: bool) -> bool:
        """Has the vault copy what an unfinished run had sent; False when that is gone, damaged, or cannot be copied."""
        key = self._folder + part.file
        try:
            self._vault.copy(source, key)
            if read_back:
                fetch(self._vault, key, part)
        except ObjectMissing:
            return False
        except (CopyDamaged, VaultFailed, NoData):
            with suppress(VaultFailed, NoData):
                self._vault.delete(key)  # half a success or damaged: no manifest names it, and the part is sent again
            return False
        return True

    def _put(self, part: Part, sealed: bytes, digest: str, read_back: bool) -> None:
        key = self._folder + part.file
        self._vault.put(key, sealed)
        if read_back and not self._vault.holds(key, sealed):
            raise VaultFailed(f"{key}: what was read back is not what was written.", hint=LYING_VAULT)
        self._journal.sent(part, digest)

    def make_room(self, draft_bytes: int) -> None:
        """Waits while what is on its way and a draft of that size are together more than may be in memory."""
        self._settle(max(0, PENDING_BYTES - draft_bytes))

    def _settle(self, allowed_bytes: int) -> None:
        """Takes in what has been stored, and waits until at most `allowed_bytes` are on their way. Raises the first error
        of a sender that has ended."""
        for future, _ in self._sending:
            if future.done():
                future.result()
        while self._sending and (
            allowed_bytes == 0 or self._sending_bytes() > allowed_bytes or self._sending[0][0].done()
        ):
            stored = self._sending.popleft()[0].result()
            self._parts.append(stored.part)
            self._policy.on_progress(stored.part.plain_bytes, stored.sent_bytes)

    def _sending_bytes(self) -> int:
        return sum(size for _, size in self._sending)


LYING_VAULT = (
    "This vault does not keep what it is given (a proxy, a full disk or a store that writes checksums into objects). "
    "Do not rely on it; `outlive vault check` tells more."
)


class _PartWriter:
    """Gathers frames into parts of `part_bytes` plaintext. The cut depends on the plaintext only, so that a second
    run over the same bytes makes the same parts."""

    def __init__(self, sealer: Sealer, name: str) -> None:
        self._sealer = sealer
        self._name = name
        self._draft = _Draft()
        self._count = 0

    def add(self, frame: bytes, plain_bytes: int) -> None:
        self._draft.add(frame, plain_bytes)
        self._sealer.make_room(self._draft.frames_bytes)
        if self._draft.plain_bytes >= self._sealer.part_bytes:
            self._flush()

    def close(self) -> None:
        """An empty stream has one part, holding an empty frame, so that a lost part is never taken for it."""
        if not self._count and not self._draft.frames:
            self._draft.add(compress_frame(b""), 0)
        if self._draft.frames:
            self._flush()

    def _flush(self) -> None:
        self._sealer.send(part_file(self._name, self._count), self._draft, first=self._count == 0)
        self._draft = _Draft()
        self._count += 1


def blocks(chunks: Iterable[bytes | memoryview], size: int) -> Iterator[bytearray]:
    """The same bytes in blocks of exactly `size`, the last one shorter; no block for no bytes."""
    block = bytearray()
    for chunk in chunks:
        view = memoryview(chunk)
        while len(block) + len(view) >= size:
            taken = size - len(block)
            block += view[:taken]
            view = view[taken:]
            yield block
            block = bytearray()
        block += view
    if block:
        yield block
