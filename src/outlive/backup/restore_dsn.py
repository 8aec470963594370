"""Into a running Postgres: roles, then every database of a copy, into databases that are empty or not there yet.

From dumps the streams are poured straight into `pg_restore`; a physical copy is first started as a throwaway server on
this machine and dumped from there. Nothing that exists is written over: a database that holds a table is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import conninfo

from outlive.backup.pour import pour
from outlive.errors import DatabaseUnreachable, Refused, RestoreFailed
from outlive.transport import postgres_programs, process

_USER_TABLES = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""


@dataclass(frozen=True, slots=True)
class Dump:
    """One database to be brought back: its name and its dump in the custom format, read when its turn comes."""

    database: str
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came back, and what the server would not take of the roles (a managed server refuses some)."""

    databases: tuple[str, ...]
    complaints: tuple[str, ...]


class Destination:
    """A server that is given a copy's databases. `dsn` may hold a password; it is never shown."""

    def __init__(self, dsn: str) -> None:
        try:
            self._parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(dsn).items()}
        except psycopg.ProgrammingError as error:
            raise RestoreFailed("the target is not a Postgres connection string.") from error
        self._password = self._parts.pop("password", None)
        self.database = self._parts.get("dbname") or "postgres"

    def load(self, globals_sql: Iterable[bytes], dumps: list[Dump]) -> Loaded:
        """Raises `Refused` before anything is changed, `RestoreFailed` when a database did not come back whole."""
        plan = self._plan([dump.database for dump in dumps])
        bin_folder = self._programs()
        complaints = self._globals(b"".join(globals_sql).decode())
        for dump in dumps:
            self._restore(bin_folder, dump, plan[dump.database])
        return Loaded(tuple(plan.values()), tuple(complaints))

    def _plan(self, names: list[str]) -> dict[str, str]:
        """Which database each goes to: one alone goes to the DSN's own, several to their own names."""
        users = [name for name in names if name != "postgres"] or names
        plan = {name: name for name in names}
        if len(users) == 1 and "dbname" in self._parts:
            plan = {users[0]: self.database}
        for target in plan.values():
            self._must_be_empty(target)
        return plan

    def _must_be_empty(self, name: str) -> None:
        if not self._exists(name):
            return
        with self._connect(name) as connection:
            row = connection.execute(_USER_TABLES.encode()).fetchone()
        if row and row[0]:
            raise Refused(
                f"database {name!r} at the target holds {row[0]} table(s); nothing was touched.",
                hint="Name a server or database that is empty. Existing data is never written over.",
            )

    def _exists(self, name: str) -> bool:
        with self._connect(self.database) as connection:
            return connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None

    def _globals(self, text: str) -> list[str]:
        """Statement by statement, because "role exists" must not stop the others."""
        complaints = []
        with self._connect(self.database) as connection:
            for statement in _statements(text):
                try:
                    connection.execute(statement.encode())
                except psycopg.errors.DuplicateObject:
                    continue
                except psycopg.Error as error:
                    complaints.append(str(error).splitlines()[0])
        return complaints

    def _restore(self, bin_folder: Path, dump: Dump, target: str) -> None:
        if dump.database == target and not self._exists(target):
            words = ["--create", "-d", self._bare(self.database)]
        else:
            words = ["-d", self._bare(target)]
        argv = [str(bin_folder / "pg_restore"), "--exit-on-error", "-w", *words]
        env = os.environ | ({"PGPASSWORD": self._password} if self._password else {})
        running = process.Process(argv, shown=("pg_restore",), stdin=True, env=env)
        pour(dump.chunks(), running, f"pg_restore of {dump.database!r}")

    def _programs(self) -> Path:
        with self._connect(self.database) as connection:
            return postgres_programs.find_at_least(connection.info.server_version // 10000)

    def _bare(self, database: str) -> str:
        return conninfo.make_conninfo("", **(self._parts | {"dbname": database}))

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        secret = {"password": self._password} if self._password else {}
        info = conninfo.make_conninfo(self._bare(database), connect_timeout=20, **secret)
        try:
            return psycopg.connect(info, autocommit=True)
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable(f"the target: {' '.join(str(error).split())}") from error


def _statements(text: str) -> Iterator[str]:
    """The statements of pg_dumpall's globals: one a line, but for what is in quotes over several lines."""
    statement: list[str] = []
    for line in text.splitlines():
        if not statement and (not line.strip() or line.startswith(("--", "\\"))):
            continue
        statement.append(line)
        joined = "\n".join(statement)
        if line.rstrip().endswith(";") and joined.count("'") % 2 == 0 and joined.count('"') % 2 == 0:
            yield joined
            statement = []
