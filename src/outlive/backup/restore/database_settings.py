"""A database made as the inventory describes it; settings and rights put on one that was there already. For the others
`pg_restore --create` does both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from outlive.transport.postgres_door import Connection

# Lists of names: a literal would become one name. pg_dump knows the same ones (variable_is_guc_list_quote, dumputils.c).
_LISTS = (
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
)


def create(database: dict[str, Any]) -> Composed:
    """The statement that makes it in the default tablespace, with the encoding and locale that it had."""
    options = {"OWNER": Identifier(database["owner"]), "TEMPLATE": Identifier("template0")}
    texts = {"ENCODING": database["encoding"], "LC_COLLATE": database["collate"], "LC_CTYPE": database["ctype"]}
    if (kind := {"i": "icu", "b": "builtin"}.get(database["provider"])) and database["locale"]:
        texts |= {"LOCALE_PROVIDER": kind, f"{kind.upper()}_LOCALE": database["locale"]}
    words = [SQL("{} = {}").format(SQL(name), value) for name, value in options.items()]
    words += [SQL("{} = {}").format(SQL(name), Literal(value)) for name, value in texts.items()]
    return SQL("CREATE DATABASE {} {}").format(Identifier(database["name"]), SQL(" ").join(words))


def apply_settings(connection: Connection, database: dict[str, Any], target: str) -> list[str]:
    """Does what the inventory says; returns, in words, what the server would not take."""
    notes = []
    for statement in (*_settings(database, target), *_rights(database, target)):
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            notes.append(f"The server would not take this for database {target}: {str(error).splitlines()[0]}")
    return notes


def _settings(database: dict[str, Any], target: str) -> Iterator[Composed]:
    for one in database["settings"]:
        where = SQL("DATABASE {}").format(Identifier(target))
        if one["role"] is not None:
            where = SQL("ROLE {} IN {}").format(Identifier(one["role"]), where)
        name = Identifier(*one["name"].split("."))
        if one["name"] in _LISTS:
            yield SQL("SELECT set_config({}, {}, false)").format(Literal(one["name"]), Literal(one["value"]))
            yield SQL("ALTER {} SET {} FROM CURRENT").format(where, name)
        else:
            yield SQL("ALTER {} SET {} TO {}").format(where, name, Literal(one["value"]))


def _rights(database: dict[str, Any], target: str) -> Iterator[Composed]:
    """A database without an access list has the rights that every new one has."""
    if database["acl"] is None:
        return
    yield SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(target))
    for grantee, right, may_grant in database["acl"]:
        who = SQL("PUBLIC") if grantee is None else Identifier(grantee)
        grant = SQL("GRANT {} ON DATABASE {} TO {}").format(SQL(right), Identifier(target), who)
        yield grant + SQL(" WITH GRANT OPTION") if may_grant else grant
