"""The two ends of a move: the guarded cluster, and the server that the runbook names by where its DSN is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString, cast

import psycopg
from psycopg import conninfo
from psycopg.sql import Composed

from outlive.backup.restore.restore_dsn import CONTENTS, SERVER, Destination
from outlive.config.secrets import resolve
from outlive.errors import DatabaseUnreachable, Failed, Refused, UsageError
from outlive.model.asset import PostgresAsset
from outlive.recovery import cloud
from outlive.recovery.steps.base import Inputs, World
from outlive.transport.postgres import ContainerWay, DsnWay, Way
from outlive.transport.postgres_door import Door, one_line, patience

ASK_SECONDS = 60.0
WRITES = "-c default_transaction_read_only=off"  # ours may, where a step has shut everybody else out
Connection = psycopg.Connection[Any]
_PASSING = ("08", "40", "53", "55", "57", "58", "XX")


def asset(world: World, inputs: Inputs) -> PostgresAsset:
    found = world.settings.asset(inputs.args["asset"])
    if isinstance(found, PostgresAsset) and (found.container or found.dsn):
        return found
    raise Failed(
        f"{inputs.args['asset']} is no cluster with `container` or `dsn`.",
        hint="This runbook knows these two ways in; `outlive backup` and `outlive restore --to DSN` move any other.",
    )


def source(world: World, inputs: Inputs) -> Way:
    return way_of(world, asset(world, inputs))


def way_of(world: World, found: PostgresAsset) -> Way:
    """Of one with `container` or `dsn`."""
    if found.dsn:
        return DsnWay(resolve(found.dsn, world.settings.base))
    assert found.container
    password = resolve(found.password, world.settings.base) if found.password else None
    return ContainerWay(world.there, found.container, found.port, found.user, password)


def target_dsn(world: World, inputs: Inputs) -> str:
    return _dsn(world, inputs, "target")


def replicating(world: World, inputs: Inputs) -> set[str]:
    """The role by which the target reads the source, where the step is told of one: it is for that alone, and dropped."""
    if "source_for_target" not in inputs.args:
        return set()
    return {str(conninfo.conninfo_to_dict(_dsn(world, inputs, "source_for_target")).get("user") or "")}


def source_for_target(world: World, inputs: Inputs, database: str) -> str:
    """By which the target reaches that database of the source."""
    return conninfo.make_conninfo(_dsn(world, inputs, "source_for_target"), dbname=database)


def _dsn(world: World, inputs: Inputs, name: str) -> str:
    """Raises `UsageError`, `ConfigError`; neither shows it, nor what libpq says of it, which may be a part of it."""
    dsn = resolve(cloud.secret(inputs.args, name), world.settings.base)
    try:
        parts = conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise UsageError(f"`{name}` holds no Postgres connection string.", hint="postgresql://...") from None
    if not parts.get("host"):
        raise UsageError(f"`{name}` names no host.", hint="Write postgresql://user:password@host:5432/database")
    return dsn


def target(world: World, inputs: Inputs) -> DsnWay:
    return DsnWay(target_dsn(world, inputs))


def destination(world: World, inputs: Inputs) -> Destination:
    return Destination(target_dsn(world, inputs))


def moved(inputs: Inputs) -> dict[str, str]:
    """The databases that move, and what each is called at the target, as the step `move-check` found."""
    found = inputs.fact("databases")
    if not found:
        raise UsageError("no step has looked what moves.", hint="A step of kind move-check stands before this one.")
    return dict(found)


@contextmanager
def asking(door: Door, database: str, *, seconds: float = ASK_SECONDS) -> Iterator[Connection]:
    """A connection on which what the server says no to is `DatabaseUnreachable`, without the statement, which may hold a
    secret. Broken when the body takes longer."""
    with door.connect(database, options=WRITES) as connection, patience(connection, seconds):
        try:
            yield connection
        except psycopg.Error as error:
            raise DatabaseUnreachable(f"{database}: {said(error)}") from None


def said(error: psycopg.Error) -> str:
    """What the server said, but for the statement."""
    return error.diag.message_primary or one_line(error).partition(" LINE ")[0]


def insist_refused(error: psycopg.Error) -> None:
    """Returns when the server will say no again. A full disk, a lost connection and the like are raised: the step is tried
    again (SQLSTATE classes, Postgres documentation, appendix "PostgreSQL Error Codes")."""
    if error.sqlstate is None or error.sqlstate[:2] in _PASSING:
        raise error


def rows(connection: Connection, query: str | Composed, *values: Any) -> list[tuple[Any, ...]]:
    """Of one question."""
    return list(connection.execute(cast(LiteralString, query), values or None))


def named_there(world: World, inputs: Inputs, databases: list[str]) -> dict[str, str]:
    """As a restore does it: one alone goes to the database of the DSN, unless that is `postgres`, by which the server is
    meant; several go to their own names."""
    own = str(conninfo.conninfo_to_dict(target_dsn(world, inputs)).get("dbname") or SERVER)
    return {databases[0]: own} if len(databases) == 1 and own != SERVER else {name: name for name in databases}


def full(world: World, inputs: Inputs, databases: list[str]) -> list[str]:
    """Those at the target that hold anything."""
    with target(world, inputs).open() as door:
        return [name for name in databases if not holds_nothing(door, name)]


def holds_nothing(door: Door, database: str) -> bool:
    with asking(door, database) as connection:
        return rows(connection, CONTENTS) == [(0,)]


def refused(why: str, what: tuple[str, ...]) -> Failed:
    """What the target would not take."""
    return Failed(f"{why}: {'; '.join(what)}", hint="Make it there by hand, then `outlive recover --resume`.")


def not_empty(databases: list[str]) -> Refused:
    return Refused(
        f"Database {', '.join(databases)} at the target holds something that this run did not put there.",
        hint="Empty it, or name another database; then `outlive recover --resume`.",
    )
