"""Write-ahead log as it is written: START_REPLICATION over a physical slot.

The slot makes the server keep what the vault does not have yet. What was received is told as *written*; only what is
durable in the vault is told as flushed and applied, so the server forgets nothing that a lost keeper would miss.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from select import select

import psycopg
from psycopg import pq, sql

from outlive.commands import postgres, wal
from outlive.errors import NoData, SourceFailed
from outlive.sources.postgres import System, identify
from outlive.transport.postgres import Door, Way


class StreamBroke(NoData):
    """The stream of write-ahead log broke; the slot on the server keeps what was not received."""

    hint = "It is connected again by itself. `outlive status` says how long it has been away."


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
    """What the server says of the slot: `restart` is the first position it still keeps; `lost` when it gave up."""

    restart: int | None
    lost: bool
    keeps_bytes_limit: int | None


class WalStream:
    """One connection that streams. Not for several threads."""

    def __init__(self, door: Door, connection: psycopg.Connection[tuple[object, ...]], slot: str) -> None:
        self._door = door
        self._pgconn = connection.pgconn
        self._slot = slot
        self.system: System = identify(connection)
        self.segment_bytes = _bytes(str(self.system.facts["wal_segment_size"]))

    def ensure_slot(self) -> SlotState:
        """Makes the slot when it is not there; it reserves log from this moment on."""
        state = self.slot_state()
        if state is not None:
            return state
        self._command(f'CREATE_REPLICATION_SLOT "{self._slot}" PHYSICAL RESERVE_WAL')
        made = self.slot_state()
        if made is None:
            raise SourceFailed(f"the server made no slot {self._slot}.")
        return made

    def renew_slot(self) -> None:
        """Drops a slot that lost its log, and makes it anew."""
        query = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active"
        with self._door.connect(self._door.database) as connection:
            connection.execute(query, (self._slot,))
        self.ensure_slot()

    def slot_state(self) -> SlotState | None:
        """Asked over an ordinary connection; None when there is no such slot."""
        query = """SELECT restart_lsn::text, wal_status, (SELECT CASE WHEN setting::bigint < 0 THEN NULL
            ELSE setting::bigint * 1048576 END FROM pg_settings WHERE name = 'max_slot_wal_keep_size')
            FROM pg_replication_slots WHERE slot_name = %s"""
        with self._door.connect(self._door.database) as connection:
            row = connection.execute(query, (self._slot,)).fetchone()
        if row is None:
            return None
        restart = postgres.lsn(str(row[0])) if row[0] else None
        return SlotState(restart, row[1] == "lost", int(str(row[2])) if row[2] is not None else None)

    def start(self, position: int, timeline: int) -> None:
        """Begins to stream. Raises `WalGone` when the server has removed what was asked for."""
        command = f'START_REPLICATION SLOT "{self._slot}" PHYSICAL {wal.show(position)} TIMELINE {timeline}'
        self._pgconn.send_query(command.encode())
        result = self._result()
        if result is None or result.status != pq.ExecStatus.COPY_BOTH:
            raise _failed(result)

    def receive(self, timeout_seconds: float) -> list[Event]:
        """What has arrived; waits at most that long for something. Raises `StreamBroke` or `WalGone`."""
        if not (events := self._arrived()):
            select([self._pgconn.socket], [], [], timeout_seconds)
            self._consume()
            events = self._arrived()
        return events

    def report(self, *, written: int, durable: int, now: datetime, want_reply: bool) -> None:
        """Tells the server how far we are."""
        try:
            self._pgconn.put_copy_data(wal.status(written=written, durable=durable, now=now, want_reply=want_reply))
            self._pgconn.flush()
        except psycopg.OperationalError as error:
            raise StreamBroke(_one_line(error)) from error

    def history(self, timeline: int) -> bytes:
        """The `.history` file of a timeline, which says where it left its parent. Not while streaming."""
        result = self._command(f"TIMELINE_HISTORY {timeline}")
        return result.get_value(0, 1) or b""

    def _arrived(self) -> list[Event]:
        events: list[Event] = []
        while len(events) < 512:
            length, data = self._pgconn.get_copy_data(1)
            if length == 0:
                break
            if length == -1:
                events.append(self._ended())
                break
            events.append(wal.read_message(data))
        return events

    def _ended(self) -> Ended:
        """After the server's CopyDone: ours, then a row with the next timeline, or an error that says what went wrong."""
        result = self._result()
        if result is not None and result.status == pq.ExecStatus.COPY_IN:
            self._pgconn.put_copy_end()
            result = self._result()
        if result is None or result.status != pq.ExecStatus.TUPLES_OK:
            raise _failed(result)
        row = [(result.get_value(0, column) or b"").decode() for column in range(2)]
        while self._result() is not None:
            pass
        return Ended(int(row[0]), postgres.lsn(row[1]))

    def _command(self, command: str) -> pq.abc.PGresult:
        result = self._pgconn.exec_(command.encode())
        if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            raise _failed(result)
        return result

    def _consume(self) -> None:
        try:
            self._pgconn.consume_input()
        except psycopg.OperationalError as error:
            raise StreamBroke(_one_line(error)) from error

    def _result(self) -> pq.abc.PGresult | None:
        while True:
            self._consume()
            if not self._pgconn.is_busy():
                return self._pgconn.get_result()
            ready, _, _ = select([self._pgconn.socket], [], [], 60)
            if not ready:
                raise StreamBroke("the server has not answered for 60 s.")


@contextmanager
def open_stream(way: Way, slot: str) -> Iterator[WalStream]:
    """A connection that can stream. Raises `DatabaseUnreachable` and kin."""
    with way.open() as door, closing(door.replication()) as connection:  # closing: no COMMIT in the middle of a COPY
        yield WalStream(door, connection, slot)


def drop_slot(way: Way, slot: str) -> None:
    """Removes the slot when it is there: the server no longer keeps log for us."""
    with way.open() as door, door.connect(door.database) as connection:
        query = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = {}"
        connection.execute(sql.SQL(query).format(sql.Literal(slot)))


def _failed(result: pq.abc.PGresult | None) -> SourceFailed | StreamBroke:
    if result is None:
        return StreamBroke("the server ended the conversation.")
    said = _one_line(result.error_message)
    if "has already been removed" in said or "can no longer get changes" in said or "is ahead of the WAL flush" in said:
        return WalGone(said)
    if result.status == pq.ExecStatus.FATAL_ERROR and "terminating connection" not in said:
        return SourceFailed(f"START_REPLICATION: {said}")
    return StreamBroke(said)


def _one_line(said: object) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split()) or "no word from the server"


def _bytes(setting: str) -> int:
    """`16MB` and `1GB`, as SHOW wal_segment_size prints them."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if setting.endswith(unit):
            return int(setting.removesuffix(unit)) * factor
    return int(setting)
