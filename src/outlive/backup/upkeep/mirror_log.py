"""Log on its way into the mirror. It has no manifest, so it is opened and looked at before it is passed on; without a key
it is read twice, and must at least begin as an age file does."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from outlive.backup.log.wal_fetch import open_log
from outlive.backup.log.wal_names import read_history_key, read_stretch, wal_folder
from outlive.backup.log.wal_verify import Beginnings, began_at, beginnings, check_stretch
from outlive.backup.log.windows import segment_bytes
from outlive.commands.wal import read_history
from outlive.errors import CopyDamaged, ObjectExists, ObjectMissing, OutliveError, VaultFailed
from outlive.model.copy import Copy, Manifest
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity
from outlive.vault.memory import MemoryVault

AGE = b"age-encryption.org/v1\n"
_NAME = re.compile(
    r"(?P<segment>[0-9A-F]{24})(\.(?P<start>[0-9A-F]{8})-(?P<end>[0-9A-F]{8}))?\.(?P<moment>\d{8}T\d{9}Z)\."
)


@dataclass(frozen=True, slots=True)
class _Name:
    """An object of log by its name alone. `segment` is its key up to the segment's name, so that branches are told apart;
    `piece`: part of a segment; `mark`: a piece of nothing."""

    key: str
    segment: str
    piece: bool
    mark: bool
    moment: str


def mirror_log(
    source: Vault,
    target: Vault,
    copies: Sequence[Copy],
    identities: Sequence[Identity],
    unneeded: Collection[str],
    put: Callable[[int], None],
    hold_back: Callable[[str, str], None],
) -> None:
    """Copies the log of every lineage that there are physical copies of, but for the `unneeded` keys."""
    manifests = {copy.manifest.lineage: copy.manifest for copy in copies if copy.manifest.kind == "postgres"}
    for manifest in manifests.values():
        _lineage(source, target, manifest, identities, unneeded, put, hold_back)


def _lineage(
    source: Vault,
    target: Vault,
    manifest: Manifest,
    identities: Sequence[Identity],
    unneeded: Collection[str],
    put: Callable[[int], None],
    hold_back: Callable[[str, str], None],
) -> None:
    folder = wal_folder(manifest.asset, manifest.lineage)
    here = [info.key for info in source.walk(folder) if info.key not in unneeded]
    there = {info.key for info in target.walk(folder)}
    judge = _Judge(source, manifest, identities, beginnings(here))
    for key in wanted(here, there):
        try:
            data = source.get(key)
            judge.check(key, data)
        except ObjectMissing:
            continue  # its segment has been completed meanwhile: the next run brings that
        except CopyDamaged as error:
            hold_back(key, error.detail)
            continue
        _put(target, key, data)
        put(len(data))
        there.add(key)
    for key in superseded(there):
        with suppress(OutliveError):  # it may stay: it says the same as what took its place
            target.delete(key)


def wanted(here: Iterable[str], there: Iterable[str]) -> list[str]:
    """What the mirror lacks, histories first, then in order; without pieces of segments that are complete, and of the
    marks only the newest. PURE."""
    missing = sorted(set(here) - set(there))
    names = [name for name in map(_read, missing) if name is not None]
    old = superseded([*here, *there])
    return [key for key in missing if read_history_key(key) is not None] + [
        name.key for name in names if name.key not in old
    ]


def superseded(keys: Iterable[str]) -> set[str]:
    """Pieces whose segment is whole among `keys`, and all marks but the newest. PURE."""
    names = [name for name in map(_read, keys) if name is not None]
    whole = {name.segment for name in names if not name.piece}
    newest: dict[str, _Name] = {}
    for mark in sorted((name for name in names if name.mark), key=lambda name: name.moment):
        newest[mark.key.rpartition("/")[0]] = mark
    return {name.key for name in names if name.piece and name.segment in whole} | {
        name.key for name in names if name.mark and name not in newest.values()
    }


def _read(key: str) -> _Name | None:
    found = _NAME.match(key.rpartition("/")[2])
    if found is None:
        return None
    piece = found["start"] is not None
    segment = f"{key.rpartition('/')[0]}/{found['segment']}"
    return _Name(key, segment, piece, piece and found["start"] == found["end"], found["moment"])


class _Judge:
    """Whether an object of log is what its name says."""

    def __init__(self, source: Vault, manifest: Manifest, identities: Sequence[Identity], began: Beginnings) -> None:
        self._source = source
        self._identities = identities
        self._segment_bytes = segment_bytes(manifest)
        self._cluster = int(manifest.source["system_identifier"])
        self._began = began

    def check(self, key: str, data: bytes) -> None:
        """Raises `CopyDamaged`."""
        if not data.startswith(AGE):
            raise CopyDamaged(f"{key} is no age file.")
        if not self._identities:
            if not self._source.holds(key, data):
                raise CopyDamaged(f"{key} was read twice, and was not the same.")
            return
        scratch = MemoryVault()
        scratch.put(key, data)
        stretch = read_stretch(key, self._segment_bytes)
        if stretch is None:
            self._check_history(key, open_log(scratch, key, self._identities))
        else:
            check_stretch(scratch, stretch, self._cluster, self._identities, began_at(self._began, stretch))

    def _check_history(self, key: str, data: bytes) -> None:
        named, told = read_history_key(key), read_history(data.decode("utf-8", "replace"))
        if named is not None and (not told or told[-1] != named.switch):
            raise CopyDamaged(f"{key} tells of another switch than its name.")


def _put(target: Vault, key: str, data: bytes) -> None:
    with suppress(ObjectExists):
        target.put(key, data)
    if not target.holds(key, data):
        target.delete(key)
        raise VaultFailed(f"{key}: what was read back from the mirror is not what was written.")
