"""Named ways to spoil a copy. Whoever verifies copies must notice each of them; one that stays green is a defect.

    scratch = copy_into(MemoryVault(), vault, manifest)          # never the real vault
    for mutation in MUTATIONS:
        mutation.act(Specimen(scratch, manifest, random.Random(seed)))

Two families. *Rot*: what a disk, a network or a mistaken hand does; the manifest still says what was written, so reading
the bytes is enough to see it. *Forgery*: manifest and SHA256SUMS are rewritten to fit, as a defect in whatever writes
copies would; only looking inside, or a drill, can see it. They are in `forgeries.py`; log is spoilt in `mutations_wal.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from outlive.backup.copies.layout import MANIFEST, SUMS, copy_folder, part_file
from outlive.backup.copies.manifest import dump_manifest
from outlive.model.copy import Manifest
from outlive.testing.forgeries import FORGERIES
from outlive.testing.specimen import DoesNotFit, Mutation, Seen, Specimen, copy_into, replace_object

__all__ = ["MUTATIONS", "DoesNotFit", "Mutation", "Seen", "Specimen", "copy_into", "flip"]


def _changed(name: str, change: Callable[[bytes, random.Random], bytes]) -> Mutation:
    def act(specimen: Specimen) -> None:
        key = specimen.key(specimen.any_part())
        replace_object(specimen.vault, key, change(specimen.vault.get(key), specimen.rng))

    return Mutation(name, Seen.BYTES, act)


def flip(data: bytes, at: int, rng: random.Random) -> bytes:
    """One bit of the byte at `at` is another."""
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _drop_part(specimen: Specimen) -> None:
    specimen.vault.delete(specimen.key(specimen.any_part()))


def _copy_over(specimen: Specimen) -> None:
    first, second = specimen.two_parts()
    replace_object(specimen.vault, specimen.key(second), specimen.vault.get(specimen.key(first)))


def _swap(specimen: Specimen) -> None:
    first, second = (specimen.key(part) for part in specimen.two_parts())
    data = specimen.vault.get(first)
    replace_object(specimen.vault, first, specimen.vault.get(second))
    replace_object(specimen.vault, second, data)


def _unnamed_part(specimen: Specimen) -> None:
    stream = specimen.rng.choice(specimen.manifest.streams)
    data = specimen.vault.get(specimen.key(stream.parts[-1]))
    specimen.vault.put(specimen.folder + part_file(stream.name, len(stream.parts)), data)


def _foreign_part(specimen: Specimen) -> None:
    other = specimen.foreign()
    part = specimen.rng.choice([part for stream in other.streams for part in stream.parts])
    data = specimen.vault.get(copy_folder(other.asset, other.id) + part.file)
    replace_object(specimen.vault, specimen.key(specimen.any_part()), data)


def _drop(file: str) -> Callable[[Specimen], None]:
    return lambda specimen: specimen.vault.delete(specimen.folder + file)


def _alter(file: str) -> Callable[[Specimen], None]:
    def act(specimen: Specimen) -> None:
        data = specimen.vault.get(specimen.folder + file)
        replace_object(
            specimen.vault, specimen.folder + file, flip(data, specimen.rng.randrange(len(data)), specimen.rng)
        )

    return act


def _manifest_of(which: Callable[[Specimen], Manifest], *, renamed: bool) -> Callable[[Specimen], None]:
    def act(specimen: Specimen) -> None:
        other, ours = which(specimen), specimen.manifest
        if renamed:
            other = replace(other, id=ours.id, asset=ours.asset, sequence=ours.sequence)
        replace_object(specimen.vault, specimen.folder + MANIFEST, dump_manifest(other))

    return act


MUTATIONS: tuple[Mutation, ...] = (
    _changed("flip the first byte of a part", lambda data, rng: flip(data, 0, rng)),
    _changed("flip a byte in the middle of a part", lambda data, rng: flip(data, len(data) // 2, rng)),
    _changed("flip the last byte of a part", lambda data, rng: flip(data, len(data) - 1, rng)),
    _changed("flip any byte of a part", lambda data, rng: flip(data, rng.randrange(len(data)), rng)),
    _changed("truncate a part", lambda data, rng: data[: rng.randrange(1, len(data))]),
    _changed("empty a part", lambda data, rng: b""),
    _changed("lengthen a part", lambda data, rng: data + b"\0"),
    Mutation("drop a part", Seen.BYTES, _drop_part),
    Mutation("a part's bytes under another part's key", Seen.BYTES, _copy_over),
    Mutation("two parts change places", Seen.BYTES, _swap),
    Mutation("a part too many", Seen.BYTES, _unnamed_part),
    Mutation("a part of another copy", Seen.BYTES, _foreign_part),
    Mutation("drop SHA256SUMS", Seen.BYTES, _drop(SUMS)),
    Mutation("alter SHA256SUMS", Seen.BYTES, _alter(SUMS)),
    Mutation("drop the manifest", Seen.BYTES, _drop(MANIFEST)),
    Mutation("flip a bit of the manifest", Seen.BYTES, _alter(MANIFEST)),
    Mutation("a foreign manifest", Seen.BYTES, _manifest_of(Specimen.foreign, renamed=False)),
    Mutation("a foreign manifest under our name", Seen.BYTES, _manifest_of(Specimen.foreign, renamed=True)),
    Mutation("a stale manifest", Seen.BYTES, _manifest_of(Specimen.older, renamed=False)),
    Mutation("a stale manifest under our name", Seen.BYTES, _manifest_of(Specimen.older, renamed=True)),
    *FORGERIES,
)
