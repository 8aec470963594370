"""How checks answered, by hour: the same store, a table of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from outlive.model.tally import Answers, Tally
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

    def of(self, subject: str, check: str, since: datetime) -> list[Tally]:
        """Each hour of one check, oldest first."""
        same = (tallies.c.subject == subject, tallies.c.check == check, tallies.c.at >= since)
        with self._store.begin() as connection:
            rows = connection.execute(sa.select(tallies).where(*same).order_by(tallies.c.at)).all()
        return [Tally(**row._mapping) for row in rows]

    def answers(self, subject: str, since: datetime) -> list[Answers]:
        """One for each check. The database adds them up: a thousand checks of a week are 168,000 hours."""
        table, total = tallies.c, sa.func.sum
        asked = sa.select(
            table.check,
            sa.func.max(table.at).label("at"),
            total(table.looks).label("looks"),
            total(table.failed).label("failed"),
        )
        sums = asked.where(table.subject == subject, table.at >= since).group_by(table.check).subquery()
        query = (
            sa.select(tallies, sums.c.looks.label("all_looks"), sums.c.failed.label("all_failed"))
            .join(sums, sa.and_(table.check == sums.c.check, table.at == sums.c.at))
            .where(table.subject == subject)
            .order_by(table.check)
        )
        with self._store.begin() as connection:
            rows = connection.execute(query).all()
        return [Answers(_tally(row), int(row.all_looks), int(row.all_failed)) for row in rows]

    def prune(self, before: datetime) -> None:
        with self._store.begin() as connection:
            connection.execute(sa.delete(tallies).where(tallies.c.at < before))


def _tally(row: Row[Any]) -> Tally:
    return Tally(**{column.name: row._mapping[column.name] for column in tallies.columns})


def _values(one: Tally) -> dict[str, object]:
    return {column.name: getattr(one, column.name) for column in tallies.columns}
