"""To any second of a window: a base copy and the log after it, replayed by stock Postgres, and the position that was
reached compared with the one that was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from outlive.backup import wal_fetch
from outlive.backup.cluster import Cluster
from outlive.backup.programs import Programs
from outlive.backup.spool import Spool
from outlive.backup.windows import Window, bases, window
from outlive.commands import postgres, wal
from outlive.errors import DrillFailed, RestoreFailed
from outlive.model.copy import Copy, Manifest
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

TORN_RECORD_BYTES = 16 << 20  # the log may end in the middle of a record; hardly any is longer than a segment
ENDED_BEFORE = "recovery ended before configured recovery target was reached"
_STOPPING = re.compile(r"recovery stopping (?:before|after) (?:commit|abort).*?, time (\S+ \S+ \S+)")
_LAST = re.compile(r"last completed transaction was at log time (\S+ \S+ \S+)")


@dataclass(frozen=True, slots=True)
class Reached:
    """Where replay ended: the position, and the server's own time of the last commit that it saw, as it printed it."""

    position: int
    last_commit: str | None

    def __str__(self) -> str:
        return f"{wal.show(self.position)}" + (f", last commit {self.last_commit}" if self.last_commit else "")


def windows(vault: Vault, copies: Sequence[Copy], identities: Sequence[Identity] | None = None) -> list[Window]:
    """The windows of an asset's copies, oldest first. Without a key the histories cannot be read, and windows end where
    their timeline does."""
    found = []
    for lineage in dict.fromkeys(copy.manifest.lineage for copy in copies if copy.manifest.kind == "postgres"):
        own = [copy for copy in copies if copy.manifest.lineage == lineage]
        asset = own[0].manifest.asset
        stretches = wal_fetch.list_stretches(vault, asset, lineage, segment_bytes(own[0].manifest))
        told = wal_fetch.read_histories(vault, asset, lineage, identities) if identities else {}
        found += [window(base, stretches, wal_fetch.switches(told)) for base in bases(own, lineage)]
    return sorted(found, key=lambda one: one.since)


def segment_bytes(manifest: Manifest) -> int:
    """The size of a log segment of the cluster that was copied."""
    text = str(manifest.source["wal_segment_size"])
    return int(text[:-2]) * {"GB": 1 << 30, "MB": 1 << 20, "kB": 1 << 10}[text[-2:]]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay needs: the copy that is laid out already in `data`, its window, and how far to go (None: to the end)."""

    vault: Vault
    manifest: Manifest
    window: Window
    identities: Sequence[Identity]
    data: Path
    at: datetime | None


@contextmanager
def replayed(replay: Replay, programs: Programs, user: str) -> Iterator[tuple[Cluster, Reached]]:
    """A running server, recovered and out of recovery. Raises `RestoreFailed` when it did not get where it should."""
    (replay.data / "recovery.signal").touch()
    spool = replay.data.parent / "w"
    with Spool(spool, fetchers(replay)) as feeding:
        settings = {
            "restore_command": feeding.restore_command(replay.data),
            "recovery_target_timeline": str(replay.window.timeline),
            "recovery_target_action": "promote",
            "hot_standby": "off",
            "lc_messages": "C",
            "log_min_messages": "warning",
        }
        targets = [{"recovery_target_time": replay.at.isoformat()}, {}] if replay.at else [{}]
        for attempt, target in enumerate(targets):
            try:
                with Cluster(replay.data, programs, user, settings | target) as cluster:
                    yield cluster, _reached(cluster, replay, exact=not target)
                    return
            except DrillFailed as error:
                if feeding.error is not None:
                    raise feeding.error from error
                # nothing was committed after the moment that was asked for: then the end of the log is that moment
                if ENDED_BEFORE in str(error) and attempt == 0 and target and _reaches(replay):
                    continue
                raise RestoreFailed(f"the log could not be replayed: {error.detail}") from error


def _reaches(replay: Replay) -> bool:
    return replay.at is not None and replay.at <= replay.window.until


def _reached(cluster: Cluster, replay: Replay, *, exact: bool) -> Reached:
    with cluster.door().connect("postgres") as connection:
        row = connection.execute("SELECT pg_last_wal_replay_lsn()::text").fetchone()
    position = postgres.lsn(str(row[0])) if row and row[0] else 0
    if exact and position < replay.window.end - TORN_RECORD_BYTES:
        raise RestoreFailed(
            f"replay ended at {wal.show(position)}, the vault has log up to {wal.show(replay.window.end)}."
        )
    stops, last = _STOPPING.findall(cluster.log), _LAST.findall(cluster.log)
    return Reached(position, (last or stops or [None])[-1])


def fetchers(replay: Replay) -> dict[str, Callable[[], bytes]]:
    """What Postgres may ask for, by name: the histories, then the segments in order."""
    manifest = replay.manifest
    size = segment_bytes(manifest)
    histories = wal_fetch.read_histories(replay.vault, manifest.asset, manifest.lineage, replay.identities)
    found: dict[str, Callable[[], bytes]] = {
        f"{timeline:08X}.history": partial(bytes, text) for timeline, text in histories.items()
    }
    identifier = int(manifest.source["system_identifier"])
    for name, stretches in wal_fetch.by_segment(replay.window.stretches, size).items():
        found[name] = partial(wal_fetch.segment, replay.vault, stretches, size, identifier, replay.identities)
    return found
