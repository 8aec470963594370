"""From parts in the vault back to the stream of bytes: fetched ahead, checked, decrypted, decompressed on every core.

Every step can only fail loudly: SHA-256 against the manifest, age's authentication (which covers the end), zstd's
checksum, and the length. A stream that was read to its end is the stream that was sealed.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

from outlive.backup.layout import copy_folder
from outlive.errors import CopyDamaged, ObjectMissing
from outlive.model.copy import Manifest, Part, Stream
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity, decrypt
from outlive.vault.frames import Continuous, open_frame, split_frames

AHEAD_BYTES = 24 << 20
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
    with ThreadPoolExecutor(2, "fetch") as pool:
        fetching: deque[tuple[Part, Future[bytes]]] = deque()
        waiting = deque(stream.parts)
        try:
            while waiting or fetching:
                while waiting and (not fetching or _ahead(fetching) + waiting[0].bytes <= AHEAD_BYTES):
                    part = waiting.popleft()
                    fetching.append((part, pool.submit(fetch, vault, folder + part.file, part)))
                part, future = fetching.popleft()
                sealed = future.result()
                del future  # a future keeps its result: with it gone, only one copy of the part is in memory
                yield folder + part.file, decrypt(sealed, identities, what=folder + part.file)
        finally:
            for _, pending in fetching:
                pending.cancel()


def _ahead(fetching: deque[tuple[Part, Future[bytes]]]) -> int:
    return sum(part.bytes for part, _ in fetching)


def _independent(pieces: Iterator[tuple[str, bytes]]) -> Iterator[bytes]:
    frames = chain.from_iterable(((key, frame) for frame in split_frames(data, what=key)) for key, data in pieces)
    with ThreadPoolExecutor(WORKERS, "decompress") as pool:
        opening: deque[Future[bytes]] = deque()
        try:
            for key, frame in frames:
                opening.append(pool.submit(open_frame, frame, what=key))
                if len(opening) > WORKERS:
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
