"""Spoilt copies whose manifest and SHA256SUMS were rewritten to fit: what a defect in the writer of copies would leave."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from pyrage import x25519

from outlive.backup.copies.layout import copy_folder
from outlive.model.copy import Manifest, Part, Stream
from outlive.testing.specimen import DoesNotFit, Mutation, Seen, Specimen, replace_object, rewrite_manifest
from outlive.vault.encryption import Pieces, encrypt
from outlive.vault.frames import compress_frame


def _with_stream(manifest: Manifest, stream: Stream) -> Manifest:
    return replace(manifest, streams=tuple(stream if one.name == stream.name else one for one in manifest.streams))


def _with_parts(specimen: Specimen, stream: Stream, parts: Sequence[Part]) -> None:
    plain = sum(part.plain_bytes for part in parts)
    rewrite_manifest(specimen, _with_stream(specimen.manifest, replace(stream, parts=tuple(parts), plain_bytes=plain)))


def _put_in_place(specimen: Specimen, part: Part, sealed: bytes) -> Part:
    """Other bytes under the part's key, and the part as it is then."""
    replace_object(specimen.vault, specimen.key(part), sealed)
    return replace(part, bytes=len(sealed), sha256=hashlib.sha256(sealed).hexdigest())


def _wrong_key(specimen: Specimen) -> None:
    """As if a part had been sealed to nobody's key."""
    stream = specimen.rng.choice(specimen.manifest.streams)
    stranger = x25519.Identity.generate().to_public()
    last = stream.parts[-1]
    sealed = encrypt(Pieces([compress_frame(bytes(last.plain_bytes))]), [stranger])
    _with_parts(specimen, stream, [*stream.parts[:-1], _put_in_place(specimen, last, sealed)])


def _cut_short(specimen: Specimen) -> None:
    """The last part of an archive was never written, and never missed."""
    found = [stream for stream in specimen.manifest.streams if len(stream.parts) > 1 and stream.name.endswith(".tar")]
    if not found:
        raise DoesNotFit
    stream = specimen.rng.choice(found)
    specimen.vault.delete(specimen.key(stream.parts[-1]))
    _with_parts(specimen, stream, stream.parts[:-1])


def _exchange(specimen: Specimen) -> None:
    """Two parts of a stream were written in the wrong order."""
    stream = specimen.long_stream()
    first, second = sorted(specimen.rng.sample(range(len(stream.parts)), 2))
    one, two = stream.parts[first], stream.parts[second]
    if one.sha256 == two.sha256:
        raise DoesNotFit
    bytes_of_one, bytes_of_two = (specimen.vault.get(specimen.key(part)) for part in (one, two))
    parts = list(stream.parts)
    parts[first] = replace(_put_in_place(specimen, one, bytes_of_two), plain_bytes=two.plain_bytes)
    parts[second] = replace(_put_in_place(specimen, two, bytes_of_one), plain_bytes=one.plain_bytes)
    _with_parts(specimen, stream, parts)


def _listed_in_another_order(specimen: Specimen) -> None:
    stream = specimen.long_stream()
    _with_parts(specimen, stream, stream.parts[::-1])


def _listed_twice(specimen: Specimen) -> None:
    stream = specimen.rng.choice(specimen.manifest.streams)
    _with_parts(specimen, stream, [*stream.parts, stream.parts[-1]])


def _without_inventory(specimen: Specimen) -> None:
    """The last stream, without which no drill knows what should be there."""
    lost = specimen.manifest.streams[-1]
    for part in lost.parts:
        specimen.vault.delete(specimen.key(part))
    rewrite_manifest(specimen, replace(specimen.manifest, streams=specimen.manifest.streams[:-1]))


def _another_parent(specimen: Specimen) -> None:
    """A copy that stands alone is said to build on an older one; one that builds on others, to stand alone."""
    ours = specimen.manifest
    rewrite_manifest(specimen, replace(ours, parent=None if ours.parent else specimen.older().id))


def _foreign_cluster(specimen: Specimen) -> None:
    """Every part is whole and valid, and of another cluster; the manifest says that it is of ours."""
    ours, other = specimen.manifest, specimen.foreign()
    if ours.kind != "postgres" or other.kind != "postgres":
        raise DoesNotFit
    _move_in(specimen, other)
    named = {name: ours.source[name] for name in ("system_identifier", "lineage")}
    identity = replace(other, id=ours.id, asset=ours.asset, lineage=ours.lineage, sequence=ours.sequence)
    rewrite_manifest(specimen, replace(identity, source={**other.source, **named}))


def _stale_copy(specimen: Specimen) -> None:
    """An older copy's parts, said to be the newer one's."""
    ours, other = specimen.manifest, specimen.older()
    if ours.kind != "postgres":
        raise DoesNotFit
    _move_in(specimen, other)
    rewrite_manifest(specimen, replace(ours, streams=other.streams))


def _move_in(specimen: Specimen, other: Manifest) -> None:
    """The parts of `other` take the place of ours."""
    for stream in specimen.manifest.streams:
        for part in stream.parts:
            specimen.vault.delete(specimen.key(part))
    there = copy_folder(other.asset, other.id)
    for stream in other.streams:
        for part in stream.parts:
            replace_object(specimen.vault, specimen.key(part), specimen.vault.get(there + part.file))


FORGERIES: tuple[Mutation, ...] = (
    Mutation("forged: parts listed in another order", Seen.BYTES, _listed_in_another_order),
    Mutation("forged: a part listed twice", Seen.BYTES, _listed_twice),
    Mutation("forged: no inventory", Seen.BYTES, _without_inventory),
    Mutation("forged: it builds on another copy", Seen.BYTES, _another_parent),
    Mutation("forged: sealed to a wrong key", Seen.OPENED, _wrong_key),
    Mutation("forged: an archive cut short", Seen.OPENED, _cut_short),
    Mutation("forged: an older copy for a newer one", Seen.OPENED, _stale_copy),
    Mutation("forged: two parts written in the wrong order", Seen.RESTORED, _exchange),
    Mutation("forged: a foreign cluster", Seen.RESTORED, _foreign_cluster),
)
