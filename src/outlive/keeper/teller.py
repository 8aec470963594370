"""Writes down what streams tell, in a thread of its own: a memory that is slow or away must not hold up the shipping of
log. Of each stream only the newest word counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from outlive.errors import OutliveError
from outlive.keeper.runner import Runner
from outlive.state.store import Store, StreamRow

STREAMING = "streaming"
PAUSE_SECONDS = 1.0


class Teller:
    """Between the streams and the keeper's memory."""

    def __init__(self, store: Store, runner: Runner, say: Callable[[str], None]) -> None:
        self._store = store
        self._runner = runner
        self._say = say
        self._rows: dict[str, StreamRow] = {}
        self._wanted: dict[str, datetime] = {}
        self._news = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="teller", daemon=True)
        self._said = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float = 10) -> None:
        """Writes down what has been told, then ends."""
        with self._news:
            self._stopped = True
            self._news.notify()
        self._thread.join(timeout_seconds)

    def stream(self, row: StreamRow) -> None:
        """How far a stream is. Returns at once."""
        with self._news:
            self._rows[row.asset] = row
            self._news.notify()

    def wanted(self, job: str, now: datetime) -> None:
        """A job that is due now, whatever its rhythm. Returns at once."""
        with self._news:
            self._wanted.setdefault(job, now)
            self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                while not (self._rows or self._wanted or self._stopped):
                    self._news.wait()
                rows, wanted, stopped = self._rows, self._wanted, self._stopped
                self._rows, self._wanted = {}, {}
            self._write(rows, wanted)
            if stopped:
                return

    def _write(self, rows: dict[str, StreamRow], wanted: dict[str, datetime]) -> None:
        """What could not be written is told once. A stream tells anew in a moment; a wanted job is kept and tried again."""
        try:
            for job in list(wanted):
                self._runner.bring_forward(job, wanted[job])
                del wanted[job]
            for row in rows.values():
                self._store.tell_stream(row)
                if row.health == STREAMING:
                    self._runner.log_is_kept(row.asset, row.told_at)
            self._said = ""
        except OutliveError as error:
            if str(error) != self._said:
                self._said = str(error)
                self._say(f"{error} cure: {error.hint}")
            with self._news:
                self._wanted = wanted | self._wanted
                self._news.wait(PAUSE_SECONDS)
