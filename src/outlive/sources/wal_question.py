"""How far has the server flushed its log? Asked on a connection of its own, because nothing in the stream tells it.

A keepalive of the stream tells how far the server has *sent*, which may be less than what it had acknowledged to its
clients a moment before; `pg_current_wal_flush_lsn` never is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import pq

from outlive.commands import postgres
from outlive.sources.wal_words import StreamBroke
from outlive.transport.postgres_door import one_line

PATIENCE_SECONDS = 30.0
_ASK = b"""SELECT CASE WHEN pg_is_in_recovery() THEN GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
    ELSE pg_current_wal_flush_lsn() END::text, active_pid, safe_wal_size, extract(epoch FROM clock_timestamp())::text
    FROM pg_replication_slots WHERE slot_name = $1"""
_OTHER_SERVER = (
    "Something between the keeper and the database (a pooler, a load balancer) answers for several servers. "
    "Give the asset an address that always leads to the same one."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Every commit that was acknowledged before `asked_at` (our clock) is in the log before `position`.

    Commits made with synchronous_commit = off count from when the server has flushed them. `skew_seconds`: how far its
    clock is ahead of ours (by less than the answer took). `safe_bytes`: what may be written before the slot is given up."""

    asked_at: datetime
    position: int
    skew_seconds: float
    safe_bytes: int | None


class Question:
    """One question at a time; neither `ask` nor `answer` waits."""

    def __init__(self, pgconn: pq.abc.PGconn, slot: str, stream_pid: int) -> None:
        self._pgconn = pgconn
        self._slot = slot.encode()
        self._stream_pid = stream_pid
        self._asked_at: datetime | None = None
        self._deadline = 0.0

    @property
    def socket(self) -> int:
        """To be waited for."""
        return self._pgconn.socket

    def ask(self, now: datetime) -> None:
        """Asks, unless an earlier question is still open."""
        if self._asked_at is not None:
            return
        self._asked_at = now
        self._deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            self._pgconn.send_query_params(_ASK, [self._slot])
        except psycopg.Error as error:
            raise StreamBroke(one_line(error)) from error

    def answer(self) -> Answer | None:
        """The answer when it has come. Raises `StreamBroke` when it cannot come any more."""
        if self._asked_at is None:
            return None
        try:
            self._pgconn.consume_input()
            if self._pgconn.is_busy():
                if time.monotonic() > self._deadline:
                    raise StreamBroke(f"the server has not said for {PATIENCE_SECONDS:.0f} s how far it is.")
                return None
            result = self._pgconn.get_result()
            while self._pgconn.get_result() is not None:
                pass
        except psycopg.Error as error:
            raise StreamBroke(one_line(error)) from error
        asked_at, self._asked_at = self._asked_at, None
        return self._read(result, asked_at)

    def _read(self, result: pq.abc.PGresult | None, asked_at: datetime) -> Answer:
        if result is None or result.status != pq.ExecStatus.TUPLES_OK:
            raise StreamBroke(one_line(result.error_message) if result else "the server ended the conversation.")
        values = [result.get_value(0, column) for column in range(4)] if result.ntuples else [None]
        if values[0] is None or (values[1] is not None and int(values[1]) != self._stream_pid):
            raise StreamBroke("two connections have reached two different servers.", hint=_OTHER_SERVER)
        return Answer(
            asked_at=asked_at,
            position=postgres.lsn(values[0].decode()),
            skew_seconds=float(values[3] or 0) - asked_at.timestamp(),
            safe_bytes=int(values[2]) if values[2] is not None else None,
        )
