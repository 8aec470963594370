"""From parts in the vault back to the stream of bytes: fetched ahead, checked, decrypted, decompressed on every core.

Every step can only fail loudly: SHA-256 against the manifest, age's authentication (which covers the end), zstd's
checksum, and the length. A stream that was read to its end is the stream that was sealed.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from operator import itemgetter

from outlive.backup.copies.layout import copy_folder
from outlive.backup.streams.belt import Belt
from outlive.errors import CopyDamaged, ObjectMissing
from outlive.model.copy import Manifest, Part, Stream
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity, decrypt_into
from outlive.vault.frames import Continuous, Splitter, open_frame

AHEAD_BYTES = 16 << 20  # sealed parts on their way; one part may be more
AHEAD_FRAMES = 2
WORKERS = 2


def fetch(vault: Vault, key: str, part: Part) -> bytes:
    """The sealed bytes of a part, whole. Raises `CopyDamaged` when it is missing or not what was written."""
    try:
        data = vault.get(key)
    except ObjectMissing as error:
        raise CopyDamaged(f"{key} is missing.") from error
    if len(data) != part.bytes:
        raise CopyDamaged(f"{key} has {len(data)} bytes, {part.bytes} were written.")
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise CopyDamaged(f"{key} is not what was written (SHA-256 differs).")
    return data


def unseal(
    vault: Vault,
    manifest: Manifest,
    stream: Stream,
    identities: Sequence[Identity],
    on_progress: Callable[[int], None] = lambda plain: None,
) -> Iterator[bytes]:
    """The plaintext of a stream in pieces of at most 4 MiB. Raises `CopyDamaged`, `WrongKey` and the vault's errors."""
    folder = copy_folder(manifest.asset, manifest.id)
    pieces = _decrypted(vault, folder, stream, identities)
    opened = _independent(pieces) if stream.frames == "independent" else _continuous(pieces, stream.name)
    length = 0
    for plain in opened:
        length += len(plain)
        on_progress(len(plain))
        yield plain
    if stream.frames == "independent" and length != stream.plain_bytes:
        raise CopyDamaged(f"{folder}{stream.name} has {length} bytes, {stream.plain_bytes} were sealed.")


def unseal_all(vault: Vault, manifest: Manifest, stream: Stream, identities: Sequence[Identity]) -> bytes:
    """A small stream as a whole (the inventory, a manifest of Postgres)."""
    return b"".join(unseal(vault, manifest, stream, identities))


def _decrypted(
    vault: Vault, folder: str, stream: Stream, identities: Sequence[Identity]
) -> Iterator[tuple[str, bytes]]:
    """Each part in pieces, with its key: decrypted in a thread of its own, not further ahead than the belt is long."""
    with ThreadPoolExecutor(1, "decrypt") as pool:
        for key, sealed in _fetched(vault, folder, stream.parts):
            belt = Belt()
            done = pool.submit(_decrypt, belt, sealed, identities, key)
            del sealed
            try:
                for piece in belt:
                    yield key, piece
            finally:
                belt.leave()
            done.result()


def _decrypt(belt: Belt, sealed: bytes, identities: Sequence[Identity], key: str) -> None:
    try:
        decrypt_into(belt, sealed, identities, what=key)
    finally:
        belt.close()


def _fetched(vault: Vault, folder: str, parts: Sequence[Part]) -> Iterator[tuple[str, bytes]]:
    """The sealed parts in order, checked. While one is used, at least one more is on its way."""
    with ThreadPoolExecutor(2, "fetch") as pool:
        fetching: deque[tuple[Part, Future[bytes]]] = deque()
        waiting = deque(parts)

        def look_ahead() -> None:
            while waiting and (not fetching or _ahead(fetching) + waiting[0].bytes <= AHEAD_BYTES):
                part = waiting.popleft()
                fetching.append((part, pool.submit(fetch, vault, folder + part.file, part)))

        try:
            look_ahead()
            while fetching:
                part, future = fetching.popleft()
                sealed = future.result()
                del future  # it would keep the result
                look_ahead()
                yield folder + part.file, sealed
                del sealed  # before the next but one is on its way
        finally:
            for _, pending in fetching:
                pending.cancel()


def _ahead(fetching: deque[tuple[Part, Future[bytes]]]) -> int:
    return sum(part.bytes for part, _ in fetching)


def _frames(pieces: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, memoryview]]:
    for key, of_one_part in groupby(pieces, key=itemgetter(0)):
        splitter = Splitter(key)
        for _, piece in of_one_part:
            for frame in splitter.feed(piece):
                yield key, frame
        splitter.close()


def _independent(pieces: Iterator[tuple[str, bytes]]) -> Iterator[bytes]:
    with ThreadPoolExecutor(WORKERS, "decompress") as pool:
        opening: deque[Future[bytes]] = deque()
        try:
            for key, frame in _frames(pieces):
                opening.append(pool.submit(open_frame, frame, what=key))
                if len(opening) > AHEAD_FRAMES:
                    yield opening.popleft().result()
            while opening:
                yield opening.popleft().result()
        finally:
            for future in opening:
                future.cancel()


def _continuous(pieces: Iterator[tuple[str, bytes]], name: str) -> Iterator[bytes]:
    opener = Continuous(name)
    for _, data in pieces:
        yield from opener.feed(data)
    opener.close()
