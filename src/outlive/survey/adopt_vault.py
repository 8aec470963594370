"""A vault without its keeper, read: what it has of each asset, and what its copies remember of the keeper."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outlive.backup.copies import catalog, keepsake
from outlive.backup.streams.inventory import read_inventory
from outlive.backup.streams.unseal import unseal
from outlive.errors import CopyDamaged, OutliveError, UsageError, WrongKey
from outlive.model.copy import Copy, Manifest
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

CONFIG_FILES = "files.tar"
MOST_BYTES = 1 << 20  # a configuration that is larger is none


@dataclass(frozen=True, slots=True)
class Adopted:
    """One asset as its newest whole copy tells of it; `inventory` is empty where that could not be read."""

    manifest: Manifest
    inventory: dict[str, Any] = field(default_factory=dict)
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """What the vault tells. `files` are the keeper's own, by name, as `told_by` remembers them (`told_at`); none when no
    copy holds any. `warnings` are sentences for a person."""

    assets: tuple[Adopted, ...]
    files: dict[str, str] = field(default_factory=dict)
    told_by: str = ""
    told_at: datetime | None = None
    warnings: tuple[str, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(sorted({one.manifest.host for one in self.assets if one.manifest.host}))


def read_vault(vault: Vault, identities: Sequence[Identity]) -> Found:
    """Opens the newest whole copy of each asset as far as its inventory. Raises `UsageError` when there is no copy,
    `WrongKey` when the key opens none, `CopyDamaged` when nothing can be read, and the vault's errors."""
    newest, warnings = _newest(vault)
    opened: list[Adopted] = []
    shut: list[WrongKey] = []
    for copy, count in newest:
        try:
            opened.append(Adopted(copy.manifest, read_inventory(vault, copy.manifest, identities), count))
        except WrongKey as error:
            shut.append(error)
            opened.append(Adopted(copy.manifest, copies=count))
            warnings.append(f"{copy.manifest.asset}: this key does not open its newest copy {copy.id}.")
        except CopyDamaged as error:
            opened.append(Adopted(copy.manifest, copies=count))
            warnings.append(f"{copy.manifest.asset}: {error}")
    if len(shut) == len(newest):
        raise shut[0]
    remembered = _remembered(opened) or _guarded(vault, opened, identities)
    files, by = remembered or ({}, None)
    return Found(tuple(opened), files, by.id if by else "", by.finished_at if by else None, tuple(warnings))


def _newest(vault: Vault) -> tuple[list[tuple[Copy, int]], list[str]]:
    found, warnings = [], []
    for name in catalog.assets(vault):
        listing = catalog.listing(vault, name)
        warnings += [str(one) for one in listing.unreadable]
        whole = [copy for copy in listing.copies if not copy.is_damaged] or list(listing.copies)
        if whole:
            found.append((whole[-1], len(listing.copies)))
    if not found and warnings:
        raise CopyDamaged("; ".join(warnings), hint="Look for another vault that holds its copies: the mirror.")
    if not found:
        raise UsageError(
            f"{vault.url} holds no copy.",
            hint="Check the folder, bucket and prefix against the recovery kit: below it there is a folder `copies`.",
        )
    return found, warnings


def _remembered(opened: Iterable[Adopted]) -> tuple[dict[str, str], Manifest] | None:
    """The keeper's files that the newest copy of all holds."""
    for one in sorted(opened, key=lambda one: one.manifest.finished_at, reverse=True):
        if keepsake.CONFIG in (files := keepsake.files(one.inventory)):
            return files, one.manifest
    return None


def _guarded(
    vault: Vault, opened: Iterable[Adopted], identities: Sequence[Identity]
) -> tuple[dict[str, str], Manifest] | None:
    """An `outlive.toml` that somebody guards among the files of a stack. One that cannot be read is none."""
    for one in opened:
        if one.manifest.kind != "config" or not one.inventory:
            continue
        try:
            text = _file(vault, one.manifest, identities, keepsake.CONFIG)
        except (OutliveError, tarfile.TarError, UnicodeDecodeError):
            continue
        if text is not None:
            return {keepsake.CONFIG: text}, one.manifest
    return None


def _file(vault: Vault, manifest: Manifest, identities: Sequence[Identity], name: str) -> str | None:
    stream = manifest.stream(CONFIG_FILES)
    if stream is None:
        return None
    with tarfile.open(fileobj=_Pieces(unseal(vault, manifest, stream, identities)), mode="r|") as archive:
        for member in archive:
            if member.isfile() and member.name.rpartition("/")[2] == name and member.size <= MOST_BYTES:
                reader = archive.extractfile(member)
                return reader.read().decode("utf-8") if reader else None
    return None


class _Pieces(io.RawIOBase):
    """A stream that comes in pieces, as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size or size < 0:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        if size < 0:
            size = len(self._rest)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken
