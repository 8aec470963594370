"""The journal of recoveries: the same store, its own tables. Only the process that carries a run writes it."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outlive.model.recovery import Entry, Recovery, What
from outlive.state.store import Store
from outlive.state.tables import recoveries, recovery_journal


class Recovering:
    """Raises what the store raises. May be used by several threads of one process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()

    def begin(self, recovery: Recovery) -> None:
        """Nothing happens when it is there already."""
        document = asdict(recovery) | {"began_at": recovery.began_at.isoformat()}
        with self._store.begin() as connection:
            if connection.execute(sa.select(recoveries.c.id).where(recoveries.c.id == recovery.id)).first() is None:
                values = {"id": recovery.id, "began_at": recovery.began_at, "document": json.dumps(document)}
                connection.execute(sa.insert(recoveries).values(values))

    def recoveries(self) -> list[Recovery]:
        """All, oldest first."""
        with self._store.begin() as connection:
            rows = connection.execute(sa.select(recoveries).order_by(recoveries.c.began_at, recoveries.c.id)).all()
        return [_recovery(row.document) for row in rows]

    def recovery(self, run: str) -> Recovery | None:
        with self._store.begin() as connection:
            row = connection.execute(sa.select(recoveries).where(recoveries.c.id == run)).first()
        return None if row is None else _recovery(row.document)

    def entries(self, run: str, after: int = 0) -> list[Entry]:
        """The journal of a run, in order, from the line after that number."""
        which = sa.and_(recovery_journal.c.run == run, recovery_journal.c.number > after)
        query = sa.select(recovery_journal).where(which).order_by(recovery_journal.c.number)
        with self._store.begin() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def write(
        self,
        run: str,
        at: datetime,
        step: str,
        what: What,
        by: str,
        said: str = "",
        facts: dict[str, Any] | None = None,
    ) -> None:
        """Durable when it returns."""
        same = recovery_journal.c.run == run
        with self._lock, self._store.begin() as connection:
            last = connection.scalar(sa.select(sa.func.max(recovery_journal.c.number)).where(same)) or 0
            values = {"run": run, "number": last + 1, "at": at, "step": step, "what": what.value, "by": by}
            values |= {"said": said, "document": json.dumps(facts or {})}
            connection.execute(sa.insert(recovery_journal).values(values))


def _recovery(document: str) -> Recovery:
    found = json.loads(document)
    tuples = {name: tuple(found[name]) for name in ("steps", "losses")}
    return Recovery(**{**found, **tuples, "began_at": datetime.fromisoformat(found["began_at"])})


def _entry(row: Any) -> Entry:
    facts = json.loads(row.document)
    return Entry(row.run, row.number, row.at, row.step, What(row.what), row.by, row.said, facts)
