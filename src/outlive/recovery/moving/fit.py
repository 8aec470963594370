"""What stands against a move, and what a person should know before it. Pure.

The restrictions of logical replication are those of the Postgres documentation (chapter "Logical Replication", sections
"Restrictions" and "Publication"): it carries rows of ordinary tables and TRUNCATE; it does not carry definitions, sequences'
values, large objects, views, materialized views or foreign tables, nor unlogged tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

DUMP, LOGICAL = "dump", "logical"
SHOWN = 8
_NO_IDENTITY = (
    "give each a primary key, or ALTER TABLE ... REPLICA IDENTITY FULL (slower); published without one, every UPDATE and "
    "DELETE on them would fail in production"
)


@dataclass(frozen=True, slots=True)
class Server:
    """What a login sees of a server. `extensions`: those that can be made there; `free_slots` also counts senders."""

    major: int
    is_superuser: bool
    makes_roles: bool
    makes_databases: bool
    subscribes: bool
    roles: frozenset[str]
    extensions: frozenset[str]
    encodings: Mapping[str, str]
    wal_level: str
    free_slots: int
    prepared: int


@dataclass(frozen=True, slots=True)
class Database:
    """One that moves; tables by their quoted names."""

    name: str
    encoding: str
    extensions: tuple[str, ...] = ()
    without_identity: tuple[str, ...] = ()
    whole_row_identity: tuple[str, ...] = ()
    unlogged: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    of_extensions: tuple[str, ...] = ()  # tables of extensions that hold rows of the user's
    large_objects: int = 0
    event_triggers: tuple[str, ...] = ()


def blockers(
    way: str, source: Server, target: Server, databases: Sequence[Database], plan: Mapping[str, str]
) -> Iterator[str]:
    """Each with its cure. `plan`: the name of each database at the target. Nothing may be begun while there is one."""
    if target.major < source.major:
        yield f"the target runs Postgres {target.major}, older than {source.major}: choose {source.major} or newer there"
    missing = sorted({name for one in databases for name in one.extensions} - target.extensions)
    if missing:
        yield f"the target has no extension {_some(missing)}: have it enabled at the provider, or do without it here first"
    lacking = sorted(source.roles - target.roles)
    if lacking and not (target.is_superuser or target.makes_roles):
        yield f"the login at the target may not make roles, and {_some(lacking)} is missing: make it there by hand"
    new = sorted(plan[one.name] for one in databases if plan[one.name] not in target.encodings)
    if new and not (target.is_superuser or target.makes_databases):
        yield f"the login at the target may not make databases, and {_some(new)} is missing: make it there by hand"
    for one in databases:
        there = target.encodings.get(plan[one.name], one.encoding)
        if there != one.encoding:
            yield f"database {plan[one.name]} has the encoding {there} there, {one.encoding} here: make it anew"
    if source.prepared:
        yield f"{source.prepared} prepared transaction(s) are open: commit or roll them back (pg_prepared_xacts)"
    if way == LOGICAL:
        yield from _logical(source, target, databases)


def _logical(source: Server, target: Server, databases: Sequence[Database]) -> Iterator[str]:
    if source.wal_level != "logical":
        yield "wal_level here is not logical: ALTER SYSTEM SET wal_level = 'logical', restart Postgres"
    if source.free_slots < (wanted := 2 * len(databases)):
        yield (
            f"{source.free_slots} replication slot(s) or senders are free here, {wanted} are wanted: raise "
            "max_replication_slots and max_wal_senders, then restart Postgres"
        )
    if not target.subscribes:
        yield "the login at the target may not subscribe: GRANT pg_create_subscription (16 and later), or the like"
    for one in databases:
        if one.without_identity:
            yield f"{one.name}: {_some(one.without_identity)} has no primary key: {_NO_IDENTITY}"
        if one.large_objects:
            yield (
                f"{one.name}: {one.large_objects} large object(s) are not carried by logical replication: use the runbook "
                "move-postgres (dump and restore)"
            )


def warnings(way: str, source: Server, databases: Sequence[Database]) -> Iterator[str]:
    """What will be otherwise than before."""
    for one in databases:
        if one.foreign:
            yield f"{one.name}: foreign table {_some(one.foreign)}: can the target reach its server?"
        if one.event_triggers:
            yield f"{one.name}: event trigger {_some(one.event_triggers)} wants a superuser; it may be missing there"
        if way == LOGICAL:
            if one.unlogged:
                yield f"{one.name}: unlogged {_some(one.unlogged)}: its rows are not carried"
            if one.whole_row_identity:
                yield f"{one.name}: {_some(one.whole_row_identity)} has REPLICA IDENTITY FULL: changes of many rows are slow"
            if one.of_extensions:
                yield f"{one.name}: rows in {_some(one.of_extensions)}, which belong to an extension, are not carried"
    if way == LOGICAL:
        yield "until the cut-over change no table's definition (no migrations): definitions are not carried"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
