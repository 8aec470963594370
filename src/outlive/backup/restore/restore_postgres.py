"""A physical copy of Postgres, laid out as a data directory that stock Postgres starts from.

The same words run here and over SSH: a shell, GNU tar and cat are all that the target needs. Tablespaces go beside the
data directory, to `TARGET-tablespaces/OID`; both get their names only when everything is in place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from outlive.backup.restore.claim import claimed
from outlive.backup.restore.pour import pour, step
from outlive.backup.streams.unseal import unseal
from outlive.errors import CopyDamaged
from outlive.model.copy import Manifest, Stream
from outlive.transport.base import Shell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

BASE = "base.tar"
PG_MANIFEST = "backup_manifest"
Progress = Callable[[int], None]
Streams = Callable[[str], Iterable[bytes]]  # by the names that they have in a copy


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the pieces are: the data directory, and each tablespace's directory by oid."""

    data: str
    tablespaces: dict[str, str]


def restore_postgres(
    vault: Vault,
    manifest: Manifest,
    identities: Sequence[Identity],
    shell: Shell,
    path: str,
    on_progress: Progress = lambda plain: None,
) -> Layout:
    """Lays out what the copy itself holds at the absolute `path` (absent or empty, else `Refused`). Raises `RestoreFailed`,
    `CopyDamaged`, `WrongKey`; then nothing at `path` looks like a restored cluster."""
    return place(shell, layout_at(path, manifest), opener(vault, manifest, identities, on_progress))


def layout_at(path: str, manifest: Manifest) -> Layout:
    """Where the copy's pieces go. Raises `CopyDamaged`."""
    path = path.rstrip("/")
    return Layout(path, {oid: f"{path}-tablespaces/{oid}" for oid in map(_oid, manifest.source["tablespaces"])})


def opener(
    vault: Vault, manifest: Manifest, identities: Sequence[Identity], on_progress: Progress = lambda plain: None
) -> Streams:
    """The copy's streams by name."""
    return lambda name: unseal(vault, manifest, _stream(manifest, name), identities, on_progress)


def place(shell: Shell, layout: Layout, streams: Streams) -> Layout:
    """Unpacks the streams of a base backup; the rest as `restore_postgres`."""
    with ExitStack() as claims:  # left in the order of last in, first out: the data directory gets its name last
        data = claims.enter_context(claimed(shell, layout.data)).directory
        beside = ""
        if layout.tablespaces:
            beside = claims.enter_context(claimed(shell, f"{layout.data}-tablespaces")).directory
        fill(shell, layout, streams, data, beside)
    return layout


def fill(shell: Shell, layout: Layout, streams: Streams, data: str, beside: str) -> None:
    """Unpacks into `data` and `beside`/OID, which will be called as the layout says."""
    for oid in layout.tablespaces:
        step(shell.run(("mkdir", "-m", "0700", "--", f"{beside}/{oid}")), f"making {beside}/{oid}")
        _untar(shell, f"{beside}/{oid}", streams(f"{oid}.tar"))
    _untar(shell, data, streams(BASE))
    _write(shell, f"{data}/{PG_MANIFEST}", streams(PG_MANIFEST))
    for oid, there in layout.tablespaces.items():
        step(shell.run(("ln", "-sfn", "--", there, f"{data}/pg_tblspc/{oid}")), f"linking tablespace {oid}")
    step(shell.run(("chmod", "700", "--", data)), "closing the data directory to others")


def point_tablespaces(shell: Shell, layout: Layout) -> None:
    """Makes Postgres use the new places of the tablespaces: it follows `tablespace_map` at its first start. Not done
    before `pg_verifybackup`, for which the file must be as it was in the copy."""
    if layout.tablespaces:
        lines = "".join(f"{oid} {_escape(place)}\n" for oid, place in layout.tablespaces.items())
        _write(shell, f"{layout.data}/tablespace_map", [lines.encode()])


def _escape(place: str) -> str:
    """Newlines and backslashes in tablespace_map are escaped with a backslash (xlog.c, read_tablespace_map)."""
    return place.replace("\\", "\\\\").replace("\n", "\\\n")


def _oid(space: dict[str, str]) -> str:
    """The manifest is in clear: whoever may write to the vault must not choose our paths."""
    if not re.fullmatch(r"\d+", space["oid"]):
        raise CopyDamaged(f"the manifest names a tablespace {space['oid']!r}.")
    return space["oid"]


def _stream(manifest: Manifest, name: str) -> Stream:
    stream = manifest.stream(name)
    if stream is None:
        raise CopyDamaged(f"{manifest.id} has no stream {name}.")
    return stream


def _untar(shell: Shell, place: str, chunks: Iterable[bytes]) -> None:
    large = "--blocking-factor=512"  # tar then reads 256 KiB at a time, not 10: a third less time for large files
    argv = ("tar", "--extract", "--file=-", "--directory", place, "--numeric-owner", "--preserve-permissions", large)
    pour(chunks, shell.open(argv, stdin=True), f"unpacking into {place}")


def _write(shell: Shell, path: str, chunks: Iterable[bytes]) -> None:
    argv = ("sh", "-c", 'umask 077; cat > "$1"', "sh", path)
    pour(chunks, shell.open(argv, stdin=True), f"writing {path}")
