"""What a stream must look like inside, watched while it passes by: an archive walks from header to header to its end
mark, a dump begins as one, Postgres' own manifest is whole and is about the cluster and the log that ours names.

Only what needs no restored copy is looked at; the rest is the drill's.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Protocol

from outlive.backup.copies.layout import INVENTORY
from outlive.commands.postgres import lsn
from outlive.commands.tar_stream import BadTar, TarReader
from outlive.errors import CopyDamaged
from outlive.model.copy import Manifest, Stream

DUMP_MAGIC = b"PGDMP"  # pg_backup_archiver.c: how a custom-format dump begins
_CHECKSUM = re.compile(rb'"Manifest-Checksum"\s*:\s*"([0-9a-f]{64})"\}\s*\Z')


class Watch(Protocol):
    """Is fed the plaintext of one stream. Both raise `CopyDamaged`."""

    def feed(self, plain: bytes) -> None: ...

    def close(self) -> None: ...


def watch(manifest: Manifest, stream: Stream) -> Watch:
    """The watch that fits the stream."""
    if stream.name.endswith(".tar"):
        return _Archive(stream.name)
    if stream.name.endswith(".dump"):
        return _Dump(stream.name)
    if stream.name == INVENTORY:
        return _Inventory()
    if manifest.kind == "postgres" and stream.name == "backup_manifest":
        return _PgManifest(manifest)
    return _Nothing()


class _Nothing:
    def feed(self, plain: bytes) -> None:
        return

    def close(self) -> None:
        return


class _Archive:
    def __init__(self, name: str) -> None:
        self._name = name
        self._reader = TarReader()

    def feed(self, plain: bytes) -> None:
        try:
            self._reader.feed(plain)
        except BadTar as error:
            raise CopyDamaged(f"{self._name}: {error}.") from error

    def close(self) -> None:
        try:
            self._reader.close()
        except BadTar as error:
            raise CopyDamaged(f"{self._name} does not end as a tar archive does: {error}.") from error


class _Dump:
    def __init__(self, name: str) -> None:
        self._name = name
        self._head = b""

    def feed(self, plain: bytes) -> None:
        if len(self._head) < len(DUMP_MAGIC):
            self._head += plain[: len(DUMP_MAGIC)]

    def close(self) -> None:
        if not self._head.startswith(DUMP_MAGIC):
            raise CopyDamaged(f"{self._name} is no dump of pg_dump.")


class _Whole:
    """Gathers a small stream."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, plain: bytes) -> None:
        self._data += plain


class _Inventory(_Whole):
    def close(self) -> None:
        try:
            found = json.loads(self._data)
        except ValueError as error:
            raise CopyDamaged(f"{INVENTORY} is not JSON: {error}.") from error
        if not isinstance(found, dict):
            raise CopyDamaged(f"{INVENTORY} is no object.")


class _PgManifest(_Whole):
    """Postgres documentation, "Backup Manifest Format": the last line holds the SHA-256 of all lines before it; the
    cluster's identifier stands there since 17, the range of log always."""

    def __init__(self, manifest: Manifest) -> None:
        super().__init__()
        self._manifest = manifest

    def close(self) -> None:
        data = bytes(self._data)
        sealed = _CHECKSUM.search(data)
        before = data[: data.rfind(b"\n", 0, sealed.start()) + 1] if sealed else b""
        if sealed is None or hashlib.sha256(before).hexdigest().encode() != sealed[1]:
            raise CopyDamaged("backup_manifest is not as Postgres wrote it (its own checksum differs).")
        if trouble := foreign(json.loads(data), self._manifest.source):
            raise CopyDamaged(f"backup_manifest is of another backup: {trouble}.")


def foreign(found: dict[str, Any], source: dict[str, Any]) -> str:
    """What in Postgres' manifest contradicts ours; nothing when they are about the same backup."""
    identifier = found.get("System-Identifier")
    if identifier is not None and str(identifier) != str(source.get("system_identifier")):
        return f"it is of cluster {identifier}, not {source.get('system_identifier')}"
    ranges = found.get("WAL-Ranges") or [{}]
    in_order = sorted(ranges, key=lambda one: int(one.get("Timeline", 0)))
    for name, said, ours in (
        ("start", in_order[0].get("Start-LSN"), source.get("start_lsn")),
        ("end", in_order[-1].get("End-LSN"), source.get("end_lsn")),
    ):
        if said is None or ours is None or lsn(said) != lsn(ours):
            return f"its log has its {name} at {said}, not {ours}"
    return ""
