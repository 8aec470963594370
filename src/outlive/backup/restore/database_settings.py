"""A database made as the inventory describes it; settings, rights and the remark put on one that was there already. For
the others `pg_restore --create` does it all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from outlive.transport.postgres_door import Connection, one_line

# Lists of names: a literal would become one name. pg_dump knows the same ones (variable_is_guc_list_quote, dumputils.c).
_LISTS = (
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
)


def create(database: dict[str, Any], *, owned: bool = True) -> Composed:
    """The statement that makes it in the default tablespace, with the encoding and locale that it had; without `owned` it
    belongs to whoever says it. Inventories of older copies say nothing of the limit."""
    options: dict[str, Identifier | SQL] = {"TEMPLATE": Identifier("template0")}
    options |= {"OWNER": Identifier(database["owner"])} if owned else {}
    options |= {"IS_TEMPLATE": SQL("true")} if database["template"] else {}
    options |= {"CONNECTION LIMIT": SQL(str(int(database.get("connection_limit", -1))))}
    texts = {"ENCODING": database["encoding"], "LC_COLLATE": database["collate"], "LC_CTYPE": database["ctype"]}
    if (kind := {"i": "icu", "b": "builtin"}.get(database["provider"])) and database["locale"]:
        texts |= {"LOCALE_PROVIDER": kind, f"{kind.upper()}_LOCALE": database["locale"]}
    words = [SQL("{} = {}").format(SQL(name), value) for name, value in options.items()]
    words += [SQL("{} = {}").format(SQL(name), Literal(value)) for name, value in texts.items()]
    return SQL("CREATE DATABASE {} {}").format(Identifier(database["name"]), SQL(" ").join(words))


def apply_settings(connection: Connection, database: dict[str, Any], target: str) -> list[str]:
    """Does what the inventory says; returns, in words, what the server would not take (of a setting not the value, which
    may be a secret). Raises `psycopg.Error` when it went away."""
    refused = []
    for what, statement in (
        *_settings(database, target),
        *_rights(database, target),
        *_remark(connection, database, target),
    ):
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            if connection.closed:
                raise
            refused.append(f"Database {target!r}: {what} was refused: {one_line(error)}")
    return refused


Statement = tuple[str, Composed]  # what it is, for a person, and itself


def _settings(database: dict[str, Any], target: str) -> Iterator[Statement]:
    for one in database["settings"]:
        where = SQL("DATABASE {}").format(Identifier(target))
        if one["role"] is not None:
            where = SQL("ROLE {} IN {}").format(Identifier(one["role"]), where)
        name, what = Identifier(*one["name"].split(".")), f"the setting {one['name']}"
        if one["name"] in _LISTS:
            yield what, SQL("SELECT set_config({}, {}, false)").format(Literal(one["name"]), Literal(one["value"]))
            yield what, SQL("ALTER {} SET {} FROM CURRENT").format(where, name)
        else:
            yield what, SQL("ALTER {} SET {} TO {}").format(where, name, Literal(one["value"]))


def _rights(database: dict[str, Any], target: str) -> Iterator[Statement]:
    """A database without an access list has the rights that every new one has."""
    if database["acl"] is None:
        return
    yield "a right", SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(target))
    for grantee, right, may_grant in database["acl"]:
        who = SQL("PUBLIC") if grantee is None else Identifier(grantee)
        grant = SQL("GRANT {} ON DATABASE {} TO {}").format(SQL(right), Identifier(target), who)
        what = f"the right {right} of {grantee or 'everybody'}"
        yield what, grant + SQL(" WITH GRANT OPTION") if may_grant else grant


def _remark(connection: Connection, database: dict[str, Any], target: str) -> Iterator[Statement]:
    """None when it is there: `postgres` is born with one, and not everybody may set it again."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = connection.execute(query, (target,)).fetchone()
    if (comment := database.get("comment")) is not None and (row is None or row[0] != comment):
        yield "its remark", SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(target), Literal(comment))
