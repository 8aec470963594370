"""The keeper's memory on SQLite or Postgres, behind one class; the same contract suite runs on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from outlive.model.schedule import Beat, Due, Outcome
from outlive.state import migrations
from outlive.state.errors import StateFailed, StateHeld, StateUnreachable
from outlive.state.tables import beats, outcomes, schedules, streams

KEEPER = "keeper"
LOCK = 0x6F75746C  # "outl": the advisory lock of the one keeper of a Postgres state


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
    skew_seconds: float | None = None
    safe_bytes: int | None = None


class Store:
    """Opened by URL (`sqlite:////path/file`, `postgresql+psycopg://...`); tables are brought up to date on opening.
    Raises `StateUnreachable`, `StateFailed`, `StateTooNew`. May be used by several threads."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._is_sqlite = parsed.get_backend_name() == "sqlite"
        if self._is_sqlite and parsed.database:
            _make_folder(Path(parsed.database).parent)
        self._engine = sa.create_engine(parsed, pool_pre_ping=True)  # a restarted server leaves dead connections behind
        if self._is_sqlite:
            event.listen(self._engine, "connect", _pragmas)
        self._held: Connection | None = None
        self._upgrade()

    def close(self) -> None:
        """Also gives the hold back."""
        if self._held is not None:
            self._held.close()
            self._held = None
        self._engine.dispose()

    def hold(self) -> None:
        """For the one keeper: nobody else can hold this state until `close`, or until this process is gone. May be called
        again at any time to make sure of it (the server may have been restarted). Raises `StateHeld`. On SQLite it does
        nothing: there the lock file beside it stands for that."""
        if self._is_sqlite:
            return
        with self._told():
            if self._held is not None and self._alive(self._held):
                return
            self._held = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if not self._held.scalar(sa.select(sa.func.pg_try_advisory_lock(LOCK))):
                self._held.close()
                self._held = None
                raise StateHeld(f"({self._engine.url.render_as_string(hide_password=True)})")

    def dues(self) -> dict[str, Due]:
        """All jobs by name."""
        with self.begin() as connection:
            rows = connection.execute(sa.select(schedules)).all()
        return {row.job: Due(row.job, row.next_due, row.runs, row.last_run) for row in rows}

    def set_due(self, due: Due) -> None:
        self._upsert(schedules, "job", due)

    def drop_dues(self, keep: set[str]) -> None:
        """Forgets jobs that the configuration no longer has."""
        with self.begin() as connection:
            for table in (schedules, outcomes):
                connection.execute(sa.delete(table).where(table.c.job.not_in(keep)))

    def outcomes(self) -> dict[str, Outcome]:
        """How the last ended run of each job came out."""
        with self.begin() as connection:
            rows = connection.execute(sa.select(outcomes)).all()
        return {row.job: Outcome(**row._mapping) for row in rows}

    def set_outcome(self, outcome: Outcome) -> None:
        self._upsert(outcomes, "job", outcome)

    def stream_rows(self) -> dict[str, StreamRow]:
        """All streams by asset."""
        with self.begin() as connection:
            rows = connection.execute(sa.select(streams)).all()
        return {row.asset: StreamRow(**row._mapping) for row in rows}

    def tell_stream(self, row: StreamRow) -> None:
        self._upsert(streams, "asset", row)

    def beat(self) -> Beat | None:
        """The keeper's last sign of life; None when none ever ran."""
        with self.begin() as connection:
            row = connection.execute(sa.select(beats).where(beats.c.keeper == KEEPER)).first()
        return None if row is None else Beat(row.started_at, row.told_at)

    def set_beat(self, beat: Beat) -> None:
        self._upsert(beats, "keeper", beat, keeper=KEEPER)

    def _upsert(self, table: sa.Table, key: str, value: object, **more: Any) -> None:
        """Change the row, else add it: one writer a row (the keeper holds a lock), so nothing can come between."""
        values = {column.name: more.get(column.name, getattr(value, column.name, None)) for column in table.columns}
        with self.begin() as connection:
            changed = connection.execute(sa.update(table).where(table.c[key] == values[key]).values(values))
            if changed.rowcount == 0:
                connection.execute(sa.insert(table).values(values))

    def _upgrade(self) -> None:
        with self.begin() as connection:
            if migrations.version(connection) != migrations.HEAD:
                migrations.upgrade(connection)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction, for the parts of the memory that have a file of their own (`watching.py`)."""
        with self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The one place where the database's errors become ours."""
        try:
            yield
        except OperationalError as error:
            said = str(error.orig).splitlines()[0]
            if "full" in said or "disk" in said or "readonly" in said:
                raise StateFailed(said) from error
            raise StateUnreachable(said) from error
        except SQLAlchemyError as error:
            raise StateFailed(str(error).splitlines()[0]) from error

    def _alive(self, connection: Connection) -> bool:
        try:
            connection.scalar(sa.select(1))
        except SQLAlchemyError:
            connection.close()
            return False
        return True


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StateFailed(f"{folder}: {error.strerror}.") from error


def _pragmas(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
