"""Log from the vault, put together again as segments that Postgres reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from outlive.backup.log.wal_names import UNKNOWN, Stretch, read_branch, read_history_key, read_stretch, wal_folder
from outlive.commands.wal import Switch, check_pages, segment_name
from outlive.commands.wal_timeline import stale_page
from outlive.errors import CopyDamaged, ObjectMissing
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity, decrypt
from outlive.vault.frames import open_frame, split_frames


@dataclass(frozen=True, slots=True)
class Log:
    """What the vault has of one branch of a lineage's log: its stretches, where each timeline left its parent, and the
    keys of the histories. `began`: when the branch did, None for the first."""

    began: datetime | None = None
    stretches: tuple[Stretch, ...] = ()
    switches: Mapping[int, Switch] = field(default_factory=dict)
    histories: Mapping[int, str] = field(default_factory=dict)


def list_log(vault: Vault, asset: str, lineage: str, segment_bytes: int) -> list[Log]:
    """The branches, oldest first; always at least one. From names alone: no object is opened, no key is needed."""
    keys: dict[datetime | None, list[str]] = {None: []}
    for info in vault.walk(wal_folder(asset, lineage)):
        keys.setdefault(read_branch(info.key), []).append(info.key)
    logs = [_log(began, found, segment_bytes) for began, found in keys.items()]
    return sorted(logs, key=lambda log: log.began or UNKNOWN)


def _log(began: datetime | None, keys: Sequence[str], segment_bytes: int) -> Log:
    stretches = (read_stretch(key, segment_bytes) for key in keys)
    told = [one for one in map(read_history_key, keys) if one is not None]
    return Log(
        began,
        tuple(one for one in stretches if one is not None),
        {one.timeline: one.switch for one in told},
        {one.timeline: one.key for one in told},
    )


def by_segment(stretches: Iterable[Stretch], segment_bytes: int) -> dict[str, list[Stretch]]:
    """The stretches of each segment, in order of position; segments by name."""
    segments: dict[str, list[Stretch]] = defaultdict(list)
    for one in sorted(stretches, key=lambda one: (one.start, -one.end)):
        segments[segment_name(one.timeline, one.start, segment_bytes)].append(one)
    return dict(sorted(segments.items()))


def segment(
    vault: Vault,
    stretches: Sequence[Stretch],
    segment_bytes: int,
    system_identifier: int,
    identities: Sequence[Identity],
    began: int = 0,
) -> bytes:
    """A whole segment from its stretches, zeros where nothing has come yet: Postgres takes that for the log's end.
    `began`: where the timeline of these stretches did.

    Raises `CopyDamaged` when a stretch is missing, does not open, or holds pages that are not what its name says.
    """
    base = stretches[0].start - stretches[0].start % segment_bytes
    end = max(one.end for one in stretches)
    try:
        content = _joined(vault, stretches, base, system_identifier, identities, began)
    except ObjectMissing as error:  # a keeper that goes on shipping has put the whole in its pieces' place meanwhile
        now = _listed_anew(vault, stretches[0], segment_bytes)
        try:
            content = _joined(vault, now, base, system_identifier, identities, began)
        except ObjectMissing as again:
            raise CopyDamaged(f"{again.detail} is missing.") from again
        if base + len(content) < end:
            raise CopyDamaged(f"{error.detail} is missing.") from error
    return bytes(content[: end - base].ljust(segment_bytes, b"\0"))


def _joined(
    vault: Vault,
    stretches: Sequence[Stretch],
    base: int,
    system_identifier: int,
    identities: Sequence[Identity],
    began: int,
) -> bytearray:
    content = bytearray()
    for one in stretches:
        if one.end <= base + len(content):
            continue
        if one.start > base + len(content):
            raise CopyDamaged(f"{one.key}: the log before it is missing.")
        data = _open(vault, one.key, identities)
        if len(data) != one.end - one.start:
            raise CopyDamaged(f"{one.key} has {len(data)} bytes, its name says {one.end - one.start}.")
        trouble = check_pages(data, one.start, one.timeline, system_identifier)
        if trouble := trouble or stale_page(data, one.start, one.timeline, began):
            raise CopyDamaged(f"{one.key}: {trouble}.")
        content += memoryview(data)[base + len(content) - one.start :]
    return content


def _listed_anew(vault: Vault, one: Stretch, segment_bytes: int) -> list[Stretch]:
    """The stretches of that one's segment, as they are now."""
    folder = one.key.rpartition("/")[0] + "/"
    keys = (info.key for info in vault.walk(folder))
    found = (read_stretch(key, segment_bytes) for key in keys if key.rpartition("/")[0] + "/" == folder)
    name = segment_name(one.timeline, one.start, segment_bytes)
    return by_segment((other for other in found if other is not None), segment_bytes).get(name, [])


def open_log(vault: Vault, key: str, identities: Sequence[Identity]) -> bytes:
    """The plaintext of one object of log. Raises `CopyDamaged`, also when it is missing."""
    try:
        return _open(vault, key, identities)
    except ObjectMissing as error:
        raise CopyDamaged(f"{key} is missing.") from error


def _open(vault: Vault, key: str, identities: Sequence[Identity]) -> bytes:
    plain = decrypt(vault.get(key), identities, what=key)
    return b"".join(open_frame(frame, what=key) for frame in split_frames(plain, what=key))
