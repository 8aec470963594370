"""The keeper's memory on SQLite or Postgres, behind one class; the same contract suite runs on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from outlive.errors import Failed, NoData
from outlive.state.tables import schedules, streams


class StateUnreachable(NoData):
    """The keeper's memory could not be reached."""

    hint = "Check the disk or database that holds it. Copies and proofs are in the vault and are not touched."


class StateFailed(Failed):
    """The keeper's memory could not be written."""

    hint = "Check for a full disk. Copies and proofs are in the vault and are not touched."


@dataclass(frozen=True, slots=True)
class Due:
    """When a job is due next, and the run that was started for it last."""

    job: str
    next_due: datetime
    last_run: str | None = None


@dataclass(frozen=True, slots=True)
class StreamRow:
    """How far a stream was when its keeper last told (`told_at`)."""

    asset: str
    health: str
    since: datetime
    until: datetime | None
    position: str
    bytes_at_risk: int | None
    why: str
    advice: str
    told_at: datetime


class Store:
    """Opened by URL (`sqlite:////path/file`, `postgresql+psycopg://...`); tables are brought up to date on opening."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._engine = sa.create_engine(parsed)
        if parsed.get_backend_name() == "sqlite":
            event.listen(self._engine, "connect", _pragmas)
        with self._begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        self._engine.dispose()

    def dues(self) -> dict[str, Due]:
        """All jobs by name."""
        with self._begin() as connection:
            rows = connection.execute(sa.select(schedules)).all()
        return {row.job: Due(row.job, row.next_due, row.last_run) for row in rows}

    def set_due(self, due: Due) -> None:
        self._upsert(schedules, "job", {"job": due.job, "next_due": due.next_due, "last_run": due.last_run})

    def drop_dues(self, keep: set[str]) -> None:
        """Forgets jobs that the configuration no longer has."""
        with self._begin() as connection:
            connection.execute(sa.delete(schedules).where(schedules.c.job.not_in(keep)))

    def stream_rows(self) -> dict[str, StreamRow]:
        """All streams by asset."""
        with self._begin() as connection:
            rows = connection.execute(sa.select(streams)).all()
        return {row.asset: StreamRow(**row._mapping) for row in rows}

    def tell_stream(self, row: StreamRow) -> None:
        values = {column.name: getattr(row, column.name) for column in streams.columns}
        self._upsert(streams, "asset", values)

    def _upsert(self, table: sa.Table, key: str, values: dict[str, Any]) -> None:
        """Change the row, else add it: one writer (the keeper holds a lock), so nothing can come between."""
        with self._begin() as connection:
            changed = connection.execute(sa.update(table).where(table.c[key] == values[key]).values(values))
            if changed.rowcount == 0:
                connection.execute(sa.insert(table).values(values))

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        """The one place where the database's errors become ours."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            said = str(error.orig).splitlines()[0]
            if "full" in said or "disk" in said or "readonly" in said:
                raise StateFailed(said) from error
            raise StateUnreachable(said) from error
        except SQLAlchemyError as error:
            raise StateFailed(str(error).splitlines()[0]) from error


def _pragmas(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
