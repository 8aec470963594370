"""What roles may do with tables: kept where a login that is no superuser loads them, and compared afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import psycopg
from psycopg.sql import SQL, Identifier

from outlive.recovery.moving.ends import Connection, asking, insist_refused, rows, said
from outlive.recovery.moving.survey import OWN_TABLES
from outlive.transport.postgres_door import Door

SHOWN = 5
_OWNERS = f"SELECT DISTINCT pg_get_userbyid(c.relowner)::text {OWN_TABLES} AND n.nspname = 'public' ORDER BY 1"
_TABLES = OWN_TABLES.replace("%", "%%")  # beside a parameter
_LOGINS = "SELECT rolname::text FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND rolname NOT LIKE 'pg\\_%'"
_MAY = f"""
SELECT r.rolname::text, quote_ident(one.nspname) || '.' || quote_ident(one.relname), p.word
FROM (SELECT c.oid, c.relnamespace, n.nspname, c.relname {_TABLES}) one
CROSS JOIN (SELECT oid, rolname FROM pg_roles WHERE rolname = ANY(%s)) r
CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(word)
WHERE has_schema_privilege(r.oid, one.relnamespace, 'USAGE') AND has_table_privilege(r.oid, one.oid, p.word)
"""


def let_owners_in(here: Door, there: Door, database: str, called: str) -> list[str]:
    """Who owns tables in `public` may make things there: else the target gives them to nobody but its login (ALTER
    TABLE, "to alter the owner ... that role must have CREATE privilege on the table's schema"). Returns what was refused."""
    with asking(here, database) as connection:
        owners = [name for (name,) in rows(connection, _OWNERS)]
    refused = []
    with asking(there, called) as connection:
        for owner in owners:
            try:
                connection.execute(SQL("GRANT CREATE ON SCHEMA public TO {}").format(Identifier(owner)))
            except psycopg.Error as error:
                insist_refused(error)
                refused.append(f"{owner} may not own tables in {called}: {said(error)}")
    return refused


def lost(here: Door, there: Door, database: str, called: str, but: Collection[str] = ()) -> Iterator[str]:
    """What a login may do with a table here and not at the target; `but` some, and those that are superusers on either
    side."""
    with asking(here, database) as source, asking(there, called) as target:
        logins = {name for (name,) in rows(source, _LOGINS)} & {name for (name,) in rows(target, _LOGINS)}
        logins -= set(but)
        missing = _may(source, logins) - _may(target, logins)
    for role, table, word in sorted(missing):
        yield f"{role} may {word} {table} here, not at the target"


def _may(connection: Connection, logins: set[str]) -> set[tuple[str, str, str]]:
    return {(role, table, word) for role, table, word in rows(connection, _MAY, sorted(logins))}
