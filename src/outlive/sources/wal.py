"""Write-ahead log as it is written: START_REPLICATION over a physical slot.

The slot makes the server keep what the vault does not have yet. What was received is told as *written*; only what is
durable in the vault is told as flushed and applied, so the server forgets nothing that a lost keeper would miss.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from select import POLLIN, poll

import psycopg
from psycopg import pq, sql

from outlive.commands import postgres, wal
from outlive.errors import DatabaseUnreachable, OutliveError
from outlive.sources.postgres import System, identify
from outlive.sources.wal_question import Question
from outlive.sources.wal_words import (
    SLOT_STATE,
    Ended,
    Event,
    SlotState,
    StreamBroke,
    WalGone,
    failed,
    read_slot,
    setting_bytes,
)
from outlive.transport.postgres import Door, Way
from outlive.transport.postgres_door import Connection, one_line, patience

__all__ = ["Ended", "Event", "SlotState", "StreamBroke", "WalGone", "WalStream", "drop_slot", "open_stream"]

ANSWER_SECONDS = 60.0
BATCH = 4096  # messages that are looked at before other things get their turn


class WalStream:
    """One connection that streams. Not for several threads."""

    def __init__(self, door: Door, connection: Connection, slot: str) -> None:
        self._door = door
        self._pgconn = connection.pgconn
        self._slot = slot
        self._waiting: deque[Event] = deque()
        self._trouble: OutliveError | None = None
        self._poll = poll()  # select(2) takes no descriptor above 1023
        self._poll.register(self._pgconn.socket, POLLIN)
        self.system: System = identify(connection)
        self.segment_bytes = setting_bytes(str(self.system.facts["wal_segment_size"]))

    def position(self) -> tuple[int, int]:
        """The server's timeline, and how far its log is flushed (on a standby: received)."""
        result = self._command("IDENTIFY_SYSTEM")
        return int(_text(result, 1)), postgres.lsn(_text(result, 2))

    def ensure_slot(self) -> SlotState:
        """Makes the slot when it is not there, and anew when it lost its log; it then reserves log from this moment on."""
        state = self.slot_state()
        if state is not None and not state.lost:
            return state
        if state is not None:
            drop_slot_at(self._door, self._slot)
        self._command(f'CREATE_REPLICATION_SLOT "{self._slot}" PHYSICAL RESERVE_WAL')
        made = self.slot_state()
        if made is None:
            raise StreamBroke(f"the slot {self._slot} vanished as soon as it was made.")
        return made

    def slot_state(self) -> SlotState | None:
        """Asked over an ordinary connection; None when there is no such slot."""
        with _asking(self._door) as connection:
            row = connection.execute(SLOT_STATE, (self._slot,)).fetchone()
        return read_slot(row) if row else None

    def start(self, position: int, timeline: int) -> None:
        """Begins to stream. Raises `WalGone` when the server has removed what was asked for (or `receive` does)."""
        command = f'START_REPLICATION SLOT "{self._slot}" PHYSICAL {wal.show(position)} TIMELINE {timeline}'
        self._pgconn.send_query(command.encode())
        result = self._result()
        if result is not None and result.status == pq.ExecStatus.TUPLES_OK:  # that timeline ended right there
            self._waiting.append(self._next_timeline(result))
        elif result is None or result.status != pq.ExecStatus.COPY_BOTH:
            raise failed(result)

    @contextmanager
    def question(self) -> Iterator[Question]:
        """A second, ordinary connection to the same server, on which it is asked how far it is."""
        with closing(self._door.connect(self._door.database)) as connection:
            yield Question(connection.pgconn, self._slot, self._pgconn.backend_pid)

    def receive(self, timeout_seconds: float, others: Sequence[int] = ()) -> list[Event]:
        """What has arrived; waits at most that long for something, on the sockets `others` too. Raises `StreamBroke` or
        `WalGone`."""
        if not (events := self._arrived()):
            for other in others:
                self._poll.register(other, POLLIN)
            self._poll.poll(timeout_seconds * 1000)
            for other in others:
                self._poll.unregister(other)
            self._consume()
            events = self._arrived()
        return events

    def rest(self) -> Iterator[Event]:
        """What the server had sent before the stream broke."""
        with suppress(StreamBroke):
            while events := self.receive(0):
                yield from events

    def report(self, *, written: int, durable: int, now: datetime, want_reply: bool) -> None:
        """Tells the server how far we are."""
        try:
            self._pgconn.put_copy_data(wal.status(written=written, durable=durable, now=now, want_reply=want_reply))
            self._pgconn.flush()
        except psycopg.Error as error:
            raise StreamBroke(one_line(error)) from error

    def history(self, timeline: int) -> bytes:
        """The `.history` file of a timeline, which says where it left its parent. Not while streaming."""
        result = self._command(f"TIMELINE_HISTORY {timeline}")
        return result.get_value(0, 1) or b""

    def _arrived(self) -> list[Event]:
        """What goes wrong is told when everything that came before it has been taken."""
        if self._waiting:
            return [self._waiting.popleft()]
        if self._trouble:
            raise self._trouble
        events: list[Event] = []
        try:
            while len(events) < BATCH and (event := self._next()):
                events.append(event)
                if isinstance(event, Ended):
                    break
        except OutliveError as error:
            if not events:
                raise
            self._trouble = error
        return events

    def _next(self) -> Event | None:
        """The next message, when it is here whole."""
        try:
            length, data = self._pgconn.get_copy_data(1)
        except psycopg.Error as error:
            raise StreamBroke(one_line(error)) from error
        if length == -1:
            return self._ended()
        try:
            return wal.read_message(memoryview(data)) if length else None
        except ValueError as error:
            raise StreamBroke(f"{error}.") from error

    def _ended(self) -> Ended:
        """After the server's CopyDone: ours, then a row with the next timeline, or an error that says what went wrong."""
        result = self._result()
        if result is not None and result.status == pq.ExecStatus.COPY_IN:
            self._pgconn.put_copy_end()
            result = self._result()
        if result is None or result.status != pq.ExecStatus.TUPLES_OK:
            raise failed(result)
        return self._next_timeline(result)

    def _next_timeline(self, result: pq.abc.PGresult) -> Ended:
        ended = Ended(int(_text(result, 0)), postgres.lsn(_text(result, 1)))
        while self._result() is not None:
            pass
        return ended

    def _command(self, command: str) -> pq.abc.PGresult:
        self._pgconn.send_query(command.encode())
        result = self._result()
        if result is None or result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            raise failed(result)
        while self._result() is not None:
            pass
        return result

    def _consume(self) -> None:
        try:
            self._pgconn.consume_input()
        except psycopg.Error as error:
            raise StreamBroke(one_line(error)) from error

    def _result(self) -> pq.abc.PGresult | None:
        until = time.monotonic() + ANSWER_SECONDS
        while self._pgconn.is_busy():
            if not self._poll.poll(max(0.0, until - time.monotonic()) * 1000) and time.monotonic() >= until:
                raise StreamBroke(f"the server has not answered for {ANSWER_SECONDS:.0f} s.")
            self._consume()
        return self._pgconn.get_result()


@contextmanager
def open_stream(way: Way, slot: str) -> Iterator[WalStream]:
    """A connection that can stream. Raises `DatabaseUnreachable` and kin."""
    with way.open() as door, closing(door.replication()) as connection:  # closing: no COMMIT in the middle of a COPY
        yield WalStream(door, connection, slot)


def drop_slot(way: Way, slot: str) -> None:
    """Removes the slot when it is there: the server no longer keeps log for us."""
    with way.open() as door:
        drop_slot_at(door, slot)


def drop_slot_at(door: Door, slot: str) -> None:
    """The same through an open door."""
    query = sql.SQL("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = {}")
    with _asking(door) as connection:
        connection.execute(query.format(sql.Literal(slot)))


@contextmanager
def _asking(door: Door) -> Iterator[Connection]:
    try:
        with closing(door.connect(door.database)) as connection, patience(connection, ANSWER_SECONDS):
            yield connection
    except psycopg.errors.ObjectInUse as error:
        raise StreamBroke(one_line(error)) from error
    except psycopg.Error as error:
        raise DatabaseUnreachable(one_line(error)) from error


def _text(result: pq.abc.PGresult, column: int) -> str:
    return (result.get_value(0, column) or b"").decode()
