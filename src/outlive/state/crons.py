"""What people's cron jobs told: the same store, its own table."""

from __future__ import annotations

import threading
from datetime import datetime

import sqlalchemy as sa

from outlive.model.cron import CronHeard, Signal
from outlive.state.store import Store
from outlive.state.tables import crons

_COLUMN = {Signal.START: "began_at", Signal.SUCCESS: "succeeded_at", Signal.FAIL: "failed_at"}


class Crons:
    """Raises what the store raises. One keeper writes, from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writing = threading.Lock()

    def heard(self) -> dict[str, CronHeard]:
        """By name; those that have told something."""
        with self._store.begin() as connection:
            rows = connection.execute(sa.select(crons)).all()
        return {row.name: CronHeard(**row._mapping) for row in rows}

    def hear(self, name: str, signal: Signal, exit_status: int | None, now: datetime) -> None:
        """A `log` changes nothing."""
        if signal is Signal.LOG:
            return
        values: dict[str, object] = {_COLUMN[signal]: now}
        if signal is not Signal.START:
            values["exit_status"] = exit_status
        with self._writing, self._store.begin() as connection:
            changed = connection.execute(sa.update(crons).where(crons.c.name == name).values(**values))
            if changed.rowcount == 0:
                connection.execute(sa.insert(crons).values(name=name, **values))
