"""Log made in memory: pages as Postgres lays them out, holding nothing, in segments of 1 MiB."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Sequence
from datetime import timedelta

from outlive.backup.log.wal_names import history_key, stretch_key, wal_folder
from outlive.commands.wal import PAGE_BYTES, Switch, show
from outlive.model.copy import Copy, Manifest
from outlive.testing.clock import ManualClock
from outlive.vault.base import Vault
from outlive.vault.encryption import encrypt
from outlive.vault.frames import compress_frame
from tests.backup.made import KEY, RECOVERY

SEGMENT = 1 << 20
BEGIN = 3 * SEGMENT
CLUSTER = 7_300_000_000_000_000_001
T0 = ManualClock().now()
RECIPIENTS = (KEY.to_public(), RECOVERY.to_public())


def pages(start: int, end: int, timeline: int = 1, cluster: int = CLUSTER) -> bytes:
    """Log from `start` to `end` (multiples of a page): headers as in access/xlog_internal.h, noise between them."""
    found = bytearray()
    noise = random.Random(start)
    for address in range(start, end, PAGE_BYTES):
        first = address % SEGMENT == 0
        page = struct.pack("<HHIQI", 0xD110, 0x0002 if first else 0, timeline, address, 0)
        page += bytes(4) + (struct.pack("<QII", cluster, SEGMENT, PAGE_BYTES) if first else b"")
        found += page + noise.randbytes(PAGE_BYTES - len(page))
    return bytes(found)


def put(vault: Vault, start: int, end: int, timeline: int = 1, **settings: int) -> str:
    """Stores a stretch of log; its key. `cluster`, and `written_on` (the timeline that its pages tell)."""
    cluster, told = settings.get("cluster", CLUSTER), settings.get("written_on", timeline)
    until = T0 + timedelta(seconds=end // PAGE_BYTES)
    folder = wal_folder("db", f"pg-{cluster}")
    key = stretch_key(folder, timeline, start, end, until, SEGMENT)
    vault.put(key, sealed(pages(start, end, told, cluster)))
    return key


def put_history(vault: Vault, timeline: int, switch: int) -> None:
    text = f"{timeline - 1}\t{show(switch)}\tno recovery target specified\n".encode()
    key = history_key(wal_folder("db", f"pg-{CLUSTER}"), timeline, Switch(timeline - 1, switch))
    vault.put(key, sealed(text))


def sealed(plain: bytes) -> bytes:
    return encrypt(io.BytesIO(compress_frame(plain)), RECIPIENTS)


def base(begin: int = BEGIN, cluster: int = CLUSTER) -> Copy:
    """A physical copy whose log ends where ours begins."""
    source = {
        "system_identifier": str(cluster),
        "timeline": 1,
        "start_lsn": show(begin - 256),
        "end_lsn": show(begin),
        "wal_segment_size": "1MB",
        "server_version_num": 170000,
    }
    manifest = Manifest("one", "db", "postgres", "web-1", f"pg-{cluster}", 1, T0, T0, T0, (), (), source)
    return Copy(manifest, T0)


def log(vault: Vault, ends: Sequence[int], begin: int = BEGIN) -> list[str]:
    """Pieces that follow one another, each from the end of the last one to the next of `ends`."""
    keys = []
    for end in ends:
        keys.append(put(vault, begin, end))
        begin = end
    return keys
