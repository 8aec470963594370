"""A physical copy of Postgres, laid out as a data directory that stock Postgres starts from.

The same words run here and over SSH: a shell, GNU tar and cat are all that the target needs. The data directory gets
its name only when everything is in place; tablespaces go beside it, to `TARGET-tablespaces/OID`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from outlive.backup.pour import pour, step
from outlive.backup.target import must_be_empty
from outlive.backup.unseal import unseal
from outlive.errors import CopyDamaged
from outlive.model.copy import Manifest, Stream
from outlive.transport.base import Shell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

BASE = "base.tar"
PG_MANIFEST = "backup_manifest"
Progress = Callable[[int], None]


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
    """Lays the cluster out at `path` (absent or empty, else `Refused`). Raises `RestoreFailed`, `CopyDamaged`,
    `WrongKey`; then `path` is as it was, and what was begun lies in `.NAME.outlive-partial` beside it."""
    parent, _, name = path.rstrip("/").rpartition("/")
    partial = f"{parent}/.{name}.outlive-partial"
    spaces = {space["oid"]: f"{path}-tablespaces/{space['oid']}" for space in manifest.source["tablespaces"]}
    for place in (path, partial, *spaces.values()):
        must_be_empty(shell, place)
    _make(shell, parent or "/", [partial, *spaces.values()])
    for oid, place in spaces.items():
        _untar(shell, place, unseal(vault, manifest, _stream(manifest, f"{oid}.tar"), identities, on_progress))
    _untar(shell, partial, unseal(vault, manifest, _stream(manifest, BASE), identities, on_progress))
    _write(shell, f"{partial}/{PG_MANIFEST}", unseal(vault, manifest, _stream(manifest, PG_MANIFEST), identities))
    for oid, place in spaces.items():
        link = f"{partial}/pg_tblspc/{oid}"
        step(shell.run(("ln", "-sfn", place, link)), f"linking tablespace {oid}")
    finish = ("sh", "-c", 'sync -f "$1" && { [ ! -d "$2" ] || rmdir "$2"; } && mv -T "$1" "$2"', "sh", partial, path)
    step(shell.run(finish, timeout_seconds=600), f"giving {path} its name")
    return Layout(path, spaces)


def point_tablespaces(shell: Shell, layout: Layout) -> None:
    """Makes Postgres use the new places of the tablespaces: it follows `tablespace_map` at its first start. Not done
    before `pg_verifybackup`, for which the file must be as it was in the copy."""
    if layout.tablespaces:
        lines = "".join(f"{oid} {_escape(place)}\n" for oid, place in layout.tablespaces.items())
        _write(shell, f"{layout.data}/tablespace_map", [lines.encode()])


def _escape(place: str) -> str:
    """Newlines and backslashes in tablespace_map are escaped with a backslash (xlog.c, read_tablespace_map)."""
    return place.replace("\\", "\\\\").replace("\n", "\\\n")


def _stream(manifest: Manifest, name: str) -> Stream:
    stream = manifest.stream(name)
    if stream is None:
        raise CopyDamaged(f"{manifest.id} has no stream {name}.")
    return stream


def _make(shell: Shell, parent: str, places: Sequence[str]) -> None:
    script = 'umask 077; mkdir -p -- "$@"'
    step(shell.run(("sh", "-c", script, "sh", parent, *places)), "making the directories")


def _untar(shell: Shell, place: str, chunks: Iterable[bytes]) -> None:
    argv = ("tar", "--extract", "--file=-", "--directory", place, "--numeric-owner", "--preserve-permissions")
    pour(chunks, shell.open(argv, stdin=True), f"unpacking into {place}")


def _write(shell: Shell, path: str, chunks: Iterable[bytes]) -> None:
    argv = ("sh", "-c", 'umask 077; cat > "$1"', "sh", path)
    pour(chunks, shell.open(argv, stdin=True), f"writing {path}")
