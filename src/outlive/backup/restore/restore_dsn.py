"""Into a running Postgres: roles, then every database of a copy, into databases that are empty or not there yet.

From dumps the streams are poured straight into `pg_restore`; a physical copy is first started as a throwaway server on
this machine and dumped from there. Nothing that exists is written over: a database that holds anything is refused, and a
role that is there already stays as it is, its password too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg import conninfo

from outlive.backup.restore.complaints import Complaints
from outlive.backup.restore.database_settings import apply_settings, create
from outlive.backup.restore.pour import feed
from outlive.commands import globals_sql
from outlive.errors import Refused, RestoreFailed, UsageError
from outlive.transport import postgres_programs
from outlive.transport.base import Running, describe
from outlive.transport.postgres_door import Connection, Door, local_program

LOCKS_AT_ONCE = 2000  # one transaction locks every table that it makes; a server has room for some 6400 by default
_OWN = "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')"
_USER = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_CONTENTS = f"""
SELECT (SELECT count(*) FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
        WHERE o.relkind IN ('r', 'p', 'm', 'f', 'v', 'S') AND {_USER} AND {_OWN})
     + (SELECT count(*) FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace WHERE {_USER} AND {_OWN})
     + (SELECT count(*) FROM pg_namespace n JOIN pg_namespace o ON o.oid = n.oid
        WHERE {_USER} AND n.nspname <> 'public' AND {_OWN})
     + (SELECT count(*) FROM pg_largeobject_metadata)
"""


@dataclass(frozen=True, slots=True)
class Dump:
    """One database to be brought back: what the inventory says of it, and its dump in the custom format, read when its
    turn comes."""

    database: dict[str, Any]
    chunks: Callable[[], Iterable[bytes]]

    @property
    def name(self) -> str:
        return str(self.database["name"])

    @property
    def is_bare(self) -> bool:
        """True for the `postgres` that every server has, with nothing in it."""
        return self.name == "postgres" and not self.database["tables"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came back, and what a person should know: what the server would not take, and what was left as it was."""

    databases: tuple[str, ...]
    notes: tuple[str, ...]


class Destination:
    """A server that is given a copy's databases. `dsn` may hold a password; it is never shown. `start` starts a client
    program for that server, fed through its stdin; without it, this machine's own is used."""

    def __init__(self, dsn: str, start: Callable[..., Running] | None = None) -> None:
        try:
            parts = conninfo.conninfo_to_dict(dsn)
        except psycopg.ProgrammingError as error:
            raise UsageError("the target is not a Postgres connection string.") from error
        self._dsn = dsn
        self._start = start or partial(local_program, dsn, stdin=True)
        self._own_programs = start is None
        self._names_database = "dbname" in parts
        self.database = str(parts.get("dbname") or "postgres")
        self._door = Door(dsn, partial(local_program, dsn), database=self.database)

    def load(self, globals_sql: Iterable[bytes], dumps: list[Dump], major: int) -> Loaded:
        """`major` is the version of the server that was copied. Raises `Refused` before anything is changed,
        `RestoreFailed` when a database did not come back whole."""
        plan = self.check(dumps, major)
        roles = self._load_globals(b"".join(globals_sql).decode())
        for dump in dumps:
            if dump.name in plan:
                roles.notes += self._restore(dump, plan[dump.name], roles)
        return Loaded(tuple(plan.values()), tuple(roles.notes))

    def check(self, dumps: list[Dump], major: int) -> dict[str, str]:
        """Which database each goes to. Changes nothing. Raises `Refused`, `ProgramsMissing`."""
        with self._door.connect(self.database) as connection:
            there = connection.info.server_version // 10000
        if there < major:
            raise Refused(
                f"the target runs Postgres {there}, the copy is of {major}; nothing was touched.",
                hint=f"An older Postgres cannot take a newer one's data: name a server of version {major} or newer.",
            )
        if self._own_programs:
            postgres_programs.find_clients(there)
        return self._plan(dumps)

    def _plan(self, dumps: list[Dump]) -> dict[str, str]:
        """Which database each goes to: one alone goes to the DSN's own, several to their own names."""
        plan = {dump.name: dump.name for dump in dumps}
        full = [dump.name for dump in dumps if not dump.is_bare]
        if len(full) == 1 and self._names_database:
            plan = {full[0]: self.database}
        with self._door.connect(self.database) as connection:
            existing = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for target in plan.values():
            if target in existing:
                self._must_be_empty(target)
        return plan

    def _must_be_empty(self, name: str) -> None:
        with self._door.connect(name) as connection:
            row = connection.execute(_CONTENTS.encode()).fetchone()
        if row and row[0]:
            raise Refused(
                f"database {name!r} at the target holds {row[0]} object(s); nothing was touched.",
                hint="Name a server or database that is empty. Existing data is never written over.",
            )

    def _load_globals(self, text: str) -> _Roles:
        with self._door.connect(self.database) as connection:
            return _Roles(connection).load(text)

    def _restore(self, dump: Dump, target: str, roles: _Roles) -> list[str]:
        """Into a new database of the same name, or into an empty one, which then also gets the settings."""
        is_new = self._make_ready(dump, target, roles)
        options = ["--create"] if is_new else []
        if not is_new and roles.are_mine and len(dump.database["tables"]) < LOCKS_AT_ONCE:
            options.append("--single-transaction")
        if roles.are_mine:
            options.append("--exit-on-error")
        if not roles.spaces:
            options.append("--no-tablespaces")
        where = conninfo.make_conninfo("", dbname=self.database if is_new else target)
        complaints = Complaints()
        running = self._start(("pg_restore", "-w", *options, "-d", where), on_stderr=complaints)
        completed = feed(dump.chunks(), running)
        if completed.status != 0 and not (complaints.bearable and not roles.are_mine):
            raise RestoreFailed(f"pg_restore of {dump.name!r}: {describe(completed.status)}: {complaints.first}")
        if is_new:
            return complaints.notes
        with self._door.connect(self.database) as connection:
            return [*complaints.notes, *apply_settings(connection, dump.database, target)]

    def _make_ready(self, dump: Dump, target: str, roles: _Roles) -> bool:
        """Whether `pg_restore --create` is to make the database."""
        with self._door.connect(self.database) as connection:
            row = connection.execute("SELECT FROM pg_database WHERE datname = %s", (target,)).fetchone()
            if row is not None:
                return False
            if roles.spaces or dump.database["tablespace"] == "pg_default":
                return True
            connection.execute(create(dump.database))  # pg_restore would insist on the tablespace
            return False


class _Roles:
    """Roles and what hangs on them, statement by statement: one that is refused must not stop the others. `are_mine`: the
    login is a superuser and can give everything to everybody."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.notes: list[str] = []
        self.spaces = True
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        self.are_mine = bool(row and row[0])

    def load(self, text: str) -> _Roles:
        statements = list(globals_sql.statements(text))
        there = self._names("SELECT rolname FROM pg_roles")
        wanted = {name for one in statements if (name := globals_sql.role_of(one))}
        for statement in statements:
            if globals_sql.is_about_tablespace(statement) or globals_sql.role_of(statement) in there:
                continue
            self._execute(statement)
        self._own(wanted - there)
        if kept := sorted(wanted & there):
            self.notes.append(f"These roles were there already and stay as they were: {', '.join(kept)}.")
        self._check_spaces({name for one in statements if (name := globals_sql.new_tablespace(one))})
        return self

    def _check_spaces(self, wanted: set[str]) -> None:
        if missing := sorted(wanted - self._names("SELECT spcname FROM pg_tablespace")):
            self.spaces = False
            self.notes.append(f"There is no tablespace {', '.join(missing)} here: everything went to the default one.")

    def _own(self, made: set[str]) -> None:
        """Whoever is no superuser can make things belong to a role only as its member."""
        for name in () if self.are_mine else made:
            role = psycopg.sql.Identifier(name)
            self._execute(psycopg.sql.SQL("GRANT {} TO CURRENT_USER").format(role).as_string())

    def _execute(self, statement: str) -> None:
        try:
            self._connection.execute(statement.encode())
        except psycopg.errors.DuplicateObject:
            pass
        except psycopg.Error as error:
            if self._connection.closed:
                raise RestoreFailed("the target went away while roles were made.") from error
            self.notes.append(f"The server would not take this of the roles: {str(error).splitlines()[0]}")

    def _names(self, query: str) -> set[str]:
        return {str(row[0]) for row in self._connection.execute(query.encode())}
