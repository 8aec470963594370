"""Whether a manifest agrees with itself. Pure.

Checksums tell that objects are as the manifest says; they do not tell that the manifest says something whole. A list of
parts that was reordered, doubled or cut, with sums rewritten to fit, is seen here.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.backup.copies.layout import INVENTORY, part_file
from outlive.model.chain import FROM_LSN
from outlive.model.copy import Check, Manifest, Stream

PHYSICAL = ("base.tar", "backup_manifest")


def sensible(manifest: Manifest) -> Check:
    """One check named `manifest`: the first three troubles, or that it agrees with itself."""
    found = [*_names(manifest), *_kind(manifest)]
    for stream in manifest.streams:
        found += _stream(stream)
    return Check("manifest", not found, "; ".join(found[:3]) if found else "it agrees with itself")


def _names(manifest: Manifest) -> Iterator[str]:
    names = [stream.name for stream in manifest.streams]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"it names {name} twice"
    if INVENTORY not in names:
        yield f"it has no {INVENTORY}"


def _stream(stream: Stream) -> Iterator[str]:
    files = [part.file for part in stream.parts]
    if files != [part_file(stream.name, index) for index in range(len(files))]:
        yield f"the parts of {stream.name} are not numbered in their order"
    if not files:
        yield f"{stream.name} has no part"
    if stream.plain_bytes != sum(part.plain_bytes for part in stream.parts):
        yield f"{stream.name} has {stream.plain_bytes} bytes, its parts have another sum"


def _kind(manifest: Manifest) -> Iterator[str]:
    if (manifest.parent is None) != (FROM_LSN not in manifest.source):
        yield "it does not say clearly whether it builds on another copy"
    if manifest.kind != "postgres":
        return
    spaces = [f"{space['oid']}.tar" for space in manifest.source.get("tablespaces", ())]
    for name in (*spaces, *PHYSICAL):
        if manifest.stream(name) is None:
            yield f"it has no {name}"
    if manifest.lineage != f"pg-{manifest.source.get('system_identifier')}":
        yield f"its lineage {manifest.lineage} is not that of the cluster that it names"
