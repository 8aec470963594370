"""Roles and what hangs on them, made at a server statement by statement: one that is refused must not stop the others."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL, Identifier

from outlive.commands import globals_sql
from outlive.transport.postgres_door import Connection, one_line


@dataclass(frozen=True, slots=True)
class Roles:
    """What the server has now. `are_mine`: the login is a superuser and can give everything to everybody. `spaces`: every
    tablespace of the old server is here. `refused`: what is missing; `notes`: what a person should know."""

    are_mine: bool
    spaces: bool
    refused: tuple[str, ...]
    notes: tuple[str, ...]


def load_roles(connection: Connection, text: str) -> Roles:
    """What `pg_dumpall --globals-only` wrote, but for tablespaces, and for roles that are there: they stay as they are,
    their passwords too. Raises `psycopg.Error` when the server goes away."""
    statements = [one for one in globals_sql.statements(text) if not globals_sql.is_about_tablespace(one)]
    there = _names(connection, "SELECT rolname FROM pg_roles")
    wanted = {name for one in statements if (name := globals_sql.role_of(one))}
    new = [one for one in statements if globals_sql.role_of(one) not in there]
    refused = [said for one in new for part in globals_sql.by_power(one) if (said := _refusal(connection, part))]
    are_mine = bool(_names(connection, "SELECT rolname FROM pg_roles WHERE rolname = current_user AND rolsuper"))
    notes = [] if are_mine else _join(connection, sorted(wanted - there))
    if kept := sorted(wanted & there):
        notes.append(f"These roles were there already and stay as they were: {', '.join(kept)}.")
    spaces = {name for one in globals_sql.statements(text) if (name := globals_sql.new_tablespace(one))}
    if missing := sorted(spaces - _names(connection, "SELECT spcname FROM pg_tablespace")):
        notes.append(f"There is no tablespace {', '.join(missing)} here: everything went to the default one.")
    return Roles(are_mine, not missing, tuple(refused), tuple(notes))


def _join(connection: Connection, made: list[str]) -> list[str]:
    """Whoever is no superuser can make things belong to a role only as its member."""
    joined = [name for name in made if not _refusal(connection, f"GRANT {_quoted(connection, name)} TO CURRENT_USER")]
    return [f"The login of this restore is now a member of: {', '.join(joined)}."] if joined else []


def _refusal(connection: Connection, statement: str) -> str | None:
    """Does it; or says, in words, that the server would not."""
    try:
        connection.execute(statement.encode())
    except psycopg.errors.DuplicateObject:
        pass
    except psycopg.Error as error:
        if connection.closed:
            raise
        if (plainer := globals_sql.by_me(statement)) is not None:
            return _refusal(connection, plainer)
        return f"Refused: {globals_sql.shown(statement)}: {one_line(error)}"
    return None


def _quoted(connection: Connection, name: str) -> str:
    return SQL("{}").format(Identifier(name)).as_string(connection)


def _names(connection: Connection, query: str) -> set[str]:
    return {str(row[0]) for row in connection.execute(query.encode())}
