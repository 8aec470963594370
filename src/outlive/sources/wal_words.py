"""What a server says of its log and its slots, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import pq

from outlive.commands import postgres, wal
from outlive.errors import NoData, NotPermitted, SourceFailed
from outlive.transport.postgres_door import one_line, replication_cure

SLOT_STATE = """SELECT restart_lsn::text, wal_status, safe_wal_size, (SELECT CASE WHEN setting::bigint < 0 THEN NULL
    ELSE setting::bigint * 1048576 END FROM pg_settings WHERE name = 'max_slot_wal_keep_size')
    FROM pg_replication_slots WHERE slot_name = %s"""


class StreamBroke(NoData):
    """The stream of write-ahead log broke; the slot on the server keeps what was not received."""

    hint = "It is connected again by itself. `outlive status` says how long it has been away."


class SlotInUse(StreamBroke):
    """Somebody else is reading from the slot of this asset."""

    hint = (
        "Either two keepers guard this asset (stop one, or name the assets differently), or the server has not noticed yet "
        "that our last connection is dead: then it lets go after wal_sender_timeout (a minute)."
    )


class WalGone(SourceFailed):
    """The server no longer has the log that comes next: there is a gap."""

    hint = "Earlier windows stay. A new base copy begins a new window: `outlive backup ASSET`."


@dataclass(frozen=True, slots=True)
class Ended:
    """The server left this timeline: it goes on as `timeline` from `position`."""

    timeline: int
    position: int


Event = wal.Data | wal.Keepalive | Ended


@dataclass(frozen=True, slots=True)
class SlotState:
    """What the server says of the slot: `restart` is the first position it still keeps; `lost` when it gave up;
    `safe_bytes` how much more may be written before it does; `keeps_bytes_limit` is max_slot_wal_keep_size."""

    restart: int | None
    lost: bool
    safe_bytes: int | None
    keeps_bytes_limit: int | None


def read_slot(row: Sequence[Any]) -> SlotState:
    """A row of `SLOT_STATE`."""
    restart, status, safe, limit = row
    return SlotState(
        restart=postgres.lsn(str(restart)) if restart else None,
        lost=status == "lost",
        safe_bytes=None if safe is None else int(safe),
        keeps_bytes_limit=None if limit is None else int(limit),
    )


def failed(result: pq.abc.PGresult | None) -> SourceFailed | NoData:
    """What an answer means that is not the expected one. By SQLSTATE first, because servers speak many languages."""
    if result is None:
        return StreamBroke("the server ended the conversation.")
    said = one_line(result.error_message)
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    if state == "58P01" or "is not in this server's history" in said or "is ahead of the WAL flush" in said:
        return WalGone(said)  # the file of that segment is not there
    if state == "55000" and "replication slot" in said:  # invalidated; 14: "cannot read from"; 17: "can no longer"
        return WalGone(said)
    if state == "55006":
        return SlotInUse(said)
    if state == "42501":
        return NotPermitted(said, hint=replication_cure("ROLE"))
    if state in ("53400", "53300"):
        return SourceFailed(said, hint="ALTER SYSTEM SET max_replication_slots = 10; then restart Postgres.")
    return StreamBroke(said)


def setting_bytes(setting: str) -> int:
    """`16MB` and `1GB`, as SHOW wal_segment_size prints them."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if setting.endswith(unit):
            return int(setting.removesuffix(unit)) * factor
    return int(setting)
