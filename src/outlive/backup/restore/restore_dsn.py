"""Into a running Postgres: roles, then every database of a copy, into databases that are empty or not there yet.

From dumps the streams are poured straight into `pg_restore`; a physical copy is first started as a throwaway server on
this machine and dumped from there. Nothing that exists is written over: a database that holds anything is refused, and a
role that is there already stays as it is, its password too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg import conninfo

from outlive.backup.restore.complaints import Complaints
from outlive.backup.restore.database_settings import apply_settings, create
from outlive.backup.restore.pour import feed
from outlive.backup.restore.roles import Roles, load_roles
from outlive.errors import DatabaseUnreachable, Refused, RestoreFailed, UsageError
from outlive.transport import postgres_programs
from outlive.transport.base import Running, describe
from outlive.transport.postgres_door import Connection, Door, local_program, one_line

SERVER = "postgres"  # every server has this database; whoever names it means the server
LOCKS_AT_ONCE = 2000  # one transaction locks every table that it makes; a server has room for some 6400 by default
_PUBLIC = (
    "From Postgres 15 on only a database's owner makes things in its schema public. Where others must: "
    "GRANT CREATE ON SCHEMA public TO ...; in that database."
)
_OWN = "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')"
_USER = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
CONTENTS = f"""
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
        return self.name == SERVER and not self.database["tables"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came back. `refused`: what the server would not take; `notes`: what a person should know."""

    databases: tuple[str, ...]
    refused: tuple[str, ...]
    notes: tuple[str, ...]


class Destination:
    """A server that is given a copy's databases. `dsn` may hold a password; it is never shown. `start` starts a client
    program for that server, fed through its stdin; without it, this machine's own is used."""

    def __init__(self, dsn: str, start: Callable[..., Running] | None = None) -> None:
        try:
            parts = conninfo.conninfo_to_dict(dsn)
        except psycopg.ProgrammingError as error:
            raise UsageError("the target is not a Postgres connection string.") from error
        self._start = start or partial(local_program, dsn, stdin=True)
        self._own_programs = start is None
        self.database = str(parts.get("dbname") or SERVER)
        self._door = Door(dsn, partial(local_program, dsn), database=self.database)
        self._major = 0
        self._state: dict[str, str] = {}

    @property
    def lies_there(self) -> str:
        """What is at the target, for a person, after something went wrong; empty when nothing was touched."""
        if not self._state:
            return ""
        told = [f"{name!r} {state}" for name, state in self._state.items()]
        return f"At the target: roles; of the databases: {', '.join(told)}."

    def load(self, globals_sql: Iterable[bytes], dumps: list[Dump], major: int) -> Loaded:
        """`major` is the version of the server that was copied. Raises `Refused` before anything is changed,
        `RestoreFailed` when a database did not come back whole; the others are brought back all the same."""
        plan = self.check(dumps, major)
        notes = [_PUBLIC] if major < 15 <= self._major else []
        text = b"".join(globals_sql).decode("utf-8", "surrogateescape")
        self._state = dict.fromkeys(plan.values(), "not begun")
        with self._asking() as connection:
            roles = load_roles(connection, text)
        failures, refused = [], list(roles.refused)
        for dump in dumps:
            if (target := plan.get(dump.name)) is None:
                continue
            try:
                refused += self._restore(dump, target, roles)
                self._state[target] = "whole"
            except RestoreFailed as error:
                failures.append(error.detail)
        if failures:
            raise RestoreFailed(" ".join(failures))
        return Loaded(tuple(plan.values()), tuple(refused), (*roles.notes, *notes))

    def check(self, dumps: list[Dump], major: int) -> dict[str, str]:
        """Which database each goes to. Changes nothing. Raises `Refused`, `ProgramsMissing`."""
        with self._door.connect(self.database) as connection:
            self._major = connection.info.server_version // 10000
        if self._major < major:
            raise Refused(
                f"the target runs Postgres {self._major}, the copy is of {major}; nothing was touched.",
                hint=f"An older Postgres cannot take a newer one's data: name a server of version {major} or newer.",
            )
        if self._own_programs:
            postgres_programs.find_clients(self._major)
        return self._plan(dumps)

    def _plan(self, dumps: list[Dump]) -> dict[str, str]:
        """One alone goes to the DSN's own database, unless that is `postgres`, by which a server is meant; several go to
        their own names."""
        plan = {dump.name: dump.name for dump in dumps}
        full = [dump.name for dump in dumps if not dump.is_bare]
        if len(full) == 1 and self.database != SERVER:
            plan = {full[0]: self.database}
        with self._asking() as connection:
            existing = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for target in plan.values():
            if target in existing:
                self._must_be_empty(target)
        return plan

    def _must_be_empty(self, name: str) -> None:
        with self._asking(name) as connection:
            row = connection.execute(CONTENTS.encode()).fetchone()
        if row and row[0]:
            raise Refused(
                f"database {name!r} at the target holds {row[0]} object(s); nothing was touched.",
                hint="Name a server or database that is empty. Existing data is never written over.",
            )

    def _restore(self, dump: Dump, target: str, roles: Roles) -> list[str]:
        """Into a new database of the same name, or into an empty one, which then also gets the settings. Returns what was
        refused."""
        is_new, refused = self._make_ready(dump, target, roles)
        options = ["--create"] if is_new else []
        whole_or_nothing = not is_new and roles.are_mine and len(dump.database["tables"]) < LOCKS_AT_ONCE
        if whole_or_nothing:
            options.append("--single-transaction")
        if roles.are_mine:
            options.append("--exit-on-error")
        if not roles.spaces:
            options.append("--no-tablespaces")
        self._state[target] = "as empty as it was" if whole_or_nothing else "INCOMPLETE"
        where = conninfo.make_conninfo("", dbname=self.database if is_new else target)
        complaints = Complaints()
        running = self._start(("pg_restore", "-w", *options, "-d", where), on_stderr=complaints)
        completed = feed(dump.chunks(), running)
        if completed.status != 0 and not (complaints.bearable and not roles.are_mine):
            ended = "went to its end, but " if complaints.went_on else f"{describe(completed.status)}: "
            raise RestoreFailed(f"pg_restore of {dump.name!r}: {ended}{complaints.first}.")
        refused += [f"Database {target!r}: {said}" for said in complaints.refused]
        if not is_new:
            with self._asking() as connection:
                refused += apply_settings(connection, dump.database, target)
        return refused

    def _make_ready(self, dump: Dump, target: str, roles: Roles) -> tuple[bool, list[str]]:
        """Whether `pg_restore --create` is to make the database; and what was refused. Without the tablespace it is made
        here, for pg_restore would insist on it."""
        with self._asking() as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", (target,)).rowcount:
                return False, []
            if roles.spaces or dump.database["tablespace"] == "pg_default":
                return True, []
            try:
                connection.execute(create(dump.database))
            except psycopg.errors.InsufficientPrivilege as error:
                connection.execute(create(dump.database, owned=False))
                return False, [f"Refused: the owner {dump.database['owner']} of {target!r}: {one_line(error)}"]
        return False, []

    @contextmanager
    def _asking(self, database: str | None = None) -> Iterator[Connection]:
        """A connection on which what the server refuses or leaves unanswered is one of our errors: once something was
        changed there, `RestoreFailed`."""
        with self._door.connect(database or self.database) as connection:
            try:
                yield connection
            except psycopg.Error as error:
                kind = RestoreFailed if self._state else DatabaseUnreachable
                raise kind(f"the target said: {one_line(error)}.") from error
