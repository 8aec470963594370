"""The log of a window replayed by stock Postgres over a base copy that is laid out, and the position that was reached
compared with the one that was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from outlive.backup.log import wal_fetch
from outlive.backup.log.wal_fetch import Log
from outlive.backup.log.windows import Reached, Window, branch_of, moments_at, segment_bytes
from outlive.backup.restore.cluster import Cluster, DidNotStart
from outlive.backup.restore.programs import Programs
from outlive.backup.restore.spool import Spool
from outlive.commands import postgres, wal
from outlive.commands.wal_records import last_record_end
from outlive.errors import CopyDamaged, DrillFailed, RestoreFailed
from outlive.model.copy import Manifest
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

# Words of Postgres 14 to 18, with lc_messages = C:
ENDED_BEFORE = "recovery ended before configured recovery target was reached"
TOO_EARLY = "requested recovery stop point is before consistent recovery point"
CLOCKS_APART = timedelta(seconds=30)
_AT = "recovery_target_time"
_STOPPING = re.compile(r"recovery stopping (?:before|after) (?:commit|abort).*?, time (\S+ \S+ \S+)")
_LAST = re.compile(r"last completed transaction was at log time (\S+ \S+ \S+)")
_SETTINGS = {
    "recovery_target_action": "promote",
    "recovery_target_inclusive": "on",
    "recovery_min_apply_delay": "0",
    "hot_standby": "off",  # else a production with more connections than our settings stops the replay
    "lc_messages": "C",  # what it says is read
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_TARGETS = ("", "_lsn", "_name", "_time", "_xid")  # left behind in production's configuration, they would stop it there


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
    """A running server, recovered and out of recovery. Raises `RestoreFailed` when it did not get where it should, and
    `CopyDamaged` or the vault's errors when log could not be had: then no server was ever up."""
    log = _log(replay)
    (replay.data / "recovery.signal").touch()
    with Spool(replay.data.parent / "w", _fetchers(replay, log)) as feeding, ExitStack() as stack:
        settings = _SETTINGS | {
            "restore_command": feeding.restore_command(replay.data),
            "recovery_target_timeline": str(replay.window.timeline),
            **_room(segment_bytes(replay.manifest)),
        }
        target: dict[str, str] = {} if replay.at is None else {_AT: replay.at.isoformat()}
        try:
            try:
                cluster = stack.enter_context(Cluster(replay.data, programs, user, settings | _only(target)))
            except DrillFailed as error:
                if feeding.error is not None or (following := _second(target, error)) is None:
                    raise
                target = following
                cluster = stack.enter_context(Cluster(replay.data, programs, user, settings | _only(target)))
        except DrillFailed as error:
            if feeding.error is not None:
                raise feeding.error from error
            hint = None if isinstance(error, DidNotStart) else error.hint
            raise RestoreFailed(f"the log could not be replayed: {error.detail}", hint=hint) from error
        yield cluster, _reached(cluster, replay, log, target)


def _room(segment: int) -> dict[str, str]:
    """Long segments need more room than the default; production may have said so on its command line only."""
    return {"min_wal_size": f"{2 * segment >> 20}MB", "max_wal_size": f"{64 * segment >> 20}MB"}


def _only(target: Mapping[str, str]) -> dict[str, str]:
    """That target and no other, whatever production's configuration says; it comes last, because Postgres takes even an
    empty one that follows it for a second."""
    others = {f"recovery_target{kind}": "" for kind in _TARGETS}
    return {name: value for name, value in others.items() if name not in target} | dict(target)


def _second(target: Mapping[str, str], error: DrillFailed) -> dict[str, str] | None:
    """What to try after that answer: when nothing was committed after the moment, the end of the log is that moment; when
    it lies so close behind the base copy that this was not consistent yet, the base copy itself is."""
    if _AT not in target:
        return None
    if ENDED_BEFORE in str(error):
        return {}
    return {"recovery_target": "immediate"} if TOO_EARLY in str(error) else None


def _log(replay: Replay) -> Log:
    manifest = replay.manifest
    logs = wal_fetch.list_log(replay.vault, manifest.asset, manifest.lineage, segment_bytes(manifest))
    return branch_of(logs, replay.window.base.since)


def _fetchers(replay: Replay, log: Log) -> dict[str, Callable[[], bytes]]:
    """What Postgres may ask for, by name: the histories, then the segments in order."""
    found: dict[str, Callable[[], bytes]] = {
        f"{timeline:08X}.history": partial(wal_fetch.open_log, replay.vault, key, replay.identities)
        for timeline, key in sorted(log.histories.items())
    }
    return found | _segments(replay, log)


def _segments(replay: Replay, log: Log) -> dict[str, Callable[[], bytes]]:
    size, system = segment_bytes(replay.manifest), int(replay.manifest.source["system_identifier"])
    found: dict[str, Callable[[], bytes]] = {}
    for name, stretches in wal_fetch.by_segment(replay.window.stretches, size).items():
        switch = log.switches.get(stretches[0].timeline)
        began = switch.position if switch else 0
        found[name] = partial(wal_fetch.segment, replay.vault, stretches, size, system, replay.identities, began)
    return found


def _reached(cluster: Cluster, replay: Replay, log: Log, target: Mapping[str, str]) -> Reached:
    door = cluster.door()
    with door.connect(door.database) as connection:
        row = connection.execute("SELECT pg_last_wal_replay_lsn()::text").fetchone()
    position = postgres.lsn(str(row[0])) if row and row[0] else 0
    if position < replay.window.base.end:
        raise RestoreFailed(f"replay ended at {wal.show(position)}, before the base copy was consistent.")
    if not target and replay.window.stretches and position != (end := _end_of_log(replay, log)):
        raise RestoreFailed(
            f"replay ended at {wal.show(position)}, the last record in the vault ends at {wal.show(end)}."
        )
    stops, last = _STOPPING.findall(cluster.log), _LAST.findall(cluster.log)
    return Reached(position, (last or stops or [None])[-1], _doubt(replay, position))


def _end_of_log(replay: Replay, log: Log) -> int:
    """Where the last whole record of the window ends. Raises `CopyDamaged`."""
    size, window = segment_bytes(replay.manifest), replay.window
    newest: dict[int, Callable[[], bytes]] = {}  # of two timelines' copies of a segment the newer one counts
    for name, make in _segments(replay, log).items():
        newest[wal.segment_start(name, size)[1]] = make
    data = b""
    for begin in sorted(newest, reverse=True):
        data = newest[begin]()[: window.end - begin] + data
        if (end := last_record_end(data, begin, size)) is not None:
            return end
    raise CopyDamaged(f"the log up to {wal.show(window.end)} holds no whole record.")


def _doubt(replay: Replay, position: int) -> str:
    """A moment is compared with the server's own clock, as commits carry it. The vault knows by the keeper's clock when the
    server was where: when the two disagree, a person should know."""
    if replay.at is None:
        return ""
    first, last = moments_at(replay.window, position)
    if first - CLOCKS_APART <= replay.at <= last + CLOCKS_APART:
        return ""
    return (
        f"by the keeper's clock the server was at {wal.show(position)} between {first:%H:%M:%S} and {last:%H:%M:%S} UTC on "
        f"{last:%Y-%m-%d}, not at {replay.at:%H:%M:%S}: its own clock was off, and moments are taken by it."
    )
