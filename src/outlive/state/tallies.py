"""How checks answered, by hour: the same store, a table of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from outlive.model.tally import Tally
from outlive.state.store import Store
from outlive.state.tables import tallies


class Tallies:
    """Raises what the store raises. One keeper writes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, fresh: Iterable[Tally]) -> None:
        """To what is remembered of the same hours."""
        table = tallies.c
        with self._store.begin() as connection:
            for one in fresh:
                same = sa.and_(table.subject == one.subject, table.check == one.check, table.at == one.at)
                row = connection.execute(sa.select(tallies).where(same)).first()
                if row is None:
                    connection.execute(sa.insert(tallies).values(_values(one)))
                else:
                    connection.execute(sa.update(tallies).where(same).values(_values(Tally(**row._mapping) + one)))

    def of(self, subject: str, since: datetime) -> list[Tally]:
        """Oldest first; each check at each hour."""
        query = sa.select(tallies).where(tallies.c.subject == subject, tallies.c.at >= since)
        with self._store.begin() as connection:
            rows = connection.execute(query.order_by(tallies.c.at, tallies.c.check)).all()
        return [Tally(**row._mapping) for row in rows]

    def prune(self, before: datetime) -> None:
        with self._store.begin() as connection:
            connection.execute(sa.delete(tallies).where(tallies.c.at < before))


def _values(one: Tally) -> dict[str, object]:
    return {column.name: getattr(one, column.name) for column in tallies.columns}
