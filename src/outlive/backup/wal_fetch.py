"""Log from the vault, put together again as segments that Postgres reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from outlive.backup.wal_names import Stretch, read_history_key, read_stretch, wal_folder
from outlive.commands.wal import Switch, check_pages, read_history, segment_name
from outlive.errors import CopyDamaged, ObjectMissing
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity, decrypt
from outlive.vault.frames import open_frame, split_frames


def list_stretches(vault: Vault, asset: str, lineage: str, segment_bytes: int) -> tuple[Stretch, ...]:
    """From the names alone: no object is opened, no key is needed."""
    found = (read_stretch(info.key, segment_bytes) for info in vault.walk(wal_folder(asset, lineage)))
    return tuple(one for one in found if one is not None)


def read_histories(vault: Vault, asset: str, lineage: str, identities: Sequence[Identity]) -> dict[int, bytes]:
    """The `.history` files by timeline."""
    keys = [info.key for info in vault.walk(wal_folder(asset, lineage))]
    found = {read_history_key(key): key for key in keys}
    return {timeline: open_log(vault, key, identities) for timeline, key in found.items() if timeline is not None}


def switches(histories: dict[int, bytes]) -> dict[int, tuple[Switch, ...]]:
    """The histories, read."""
    return {timeline: read_history(text.decode("utf-8", "replace")) for timeline, text in histories.items()}


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
) -> bytes:
    """A whole segment from its stretches, zeros where nothing has come yet: Postgres takes that for the log's end.

    Raises `CopyDamaged` when a stretch is missing, does not open, or holds pages that are not what its name says.
    """
    base = stretches[0].start - stretches[0].start % segment_bytes
    content = bytearray()
    for one in stretches:
        if one.end <= base + len(content):
            continue
        if one.start > base + len(content):
            raise CopyDamaged(f"{one.key}: the log before it is missing.")
        data = open_log(vault, one.key, identities)
        if len(data) != one.end - one.start:
            raise CopyDamaged(f"{one.key} has {len(data)} bytes, its name says {one.end - one.start}.")
        if trouble := check_pages(data, one.start, one.timeline, system_identifier):
            raise CopyDamaged(f"{one.key}: {trouble}.")
        content += memoryview(data)[base + len(content) - one.start :]
    return bytes(content) + bytes(segment_bytes - len(content))


def open_log(vault: Vault, key: str, identities: Sequence[Identity]) -> bytes:
    """The plaintext of one object of log."""
    try:
        sealed = vault.get(key)
    except ObjectMissing as error:
        raise CopyDamaged(f"{key} is missing.") from error
    plain = decrypt(sealed, identities, what=key)
    return b"".join(open_frame(frame, what=key) for frame in split_frames(plain, what=key))
