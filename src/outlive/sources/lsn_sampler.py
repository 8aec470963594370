"""How far a server had written, and when by our own clock."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime

import psycopg

from outlive.clock import Clock
from outlive.commands.postgres import lsn
from outlive.transport.postgres_door import Door, cut, patience

EVERY_SECONDS = 0.5
ANSWER_SECONDS = 30.0
_QUESTION = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END::text"
)


class LsnSampler:
    """Notes, twice a second, how far the server had written: so the moment that a position stands for is known without
    trusting the server's clock. A context manager; its thread ends with it, also when the server hangs."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._door = door
        self._clock = clock
        self._stop = threading.Event()
        self._samples: list[tuple[datetime, int]] = []

    def __enter__(self) -> LsnSampler:
        self._connection = self._door.connect(self._door.database)
        try:
            with patience(self._connection, ANSWER_SECONDS):
                self._sample()
        except BaseException:
            self._connection.close()
            raise
        self._thread = threading.Thread(target=self._run, name="lsn sampler", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=1)
        if self._thread.is_alive():  # it waits for an answer that does not come
            cut(self._connection)
            self._thread.join(timeout=5)
        self._connection.close()

    def moment_of(self, position: int) -> datetime:
        """The latest moment of ours at which nothing beyond `position` had been written: all earlier commits are
        before it."""
        return max((at for at, lsn in self._samples if lsn <= position), default=self._samples[0][0])

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            with suppress(psycopg.Error):  # fewer samples only make `data_until` earlier, never later
                self._sample()
            if self._connection.closed:
                return

    def _sample(self) -> None:
        at = self._clock.now()
        row = self._connection.execute(_QUESTION).fetchone()
        if row and row[0]:
            self._samples.append((at, lsn(str(row[0]))))
