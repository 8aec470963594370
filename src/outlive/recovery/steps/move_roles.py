"""`move-roles`: the target gets the roles, with the passwords that they have, and empty databases, before anybody is kept
waiting."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from outlive.backup.restore.database_settings import create
from outlive.backup.restore.roles import load_roles
from outlive.commands import postgres as words
from outlive.errors import Failed
from outlive.recovery.moving import ends, survey
from outlive.recovery.moving.dumping import whole
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.sources.postgres_inventory import inventory
from outlive.transport.postgres_door import Door


class MoveRoles(Manners):
    """A role that is there stays as it is. Facts: `refused`, what the target would not take of them."""

    effect = Effect.CREATES

    def plan(self, world: World, inputs: Inputs) -> str:
        return "makes the roles and empty databases at the target that are not there yet; what is there stays as it is"

    def look(self, world: World, inputs: Inputs) -> Look:
        with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
            wanted, found = survey.server(here).roles, survey.server(there).roles
            if missing := sorted(wanted - found):
                return NotYet(f"the target has no role {', '.join(missing)}")
            if (known := inputs.facts.get(inputs.step)) is None and (strange := _strange(there, wanted)):
                return NotYet(f"the login there is no member of {', '.join(strange)}, so that nothing can belong to it")
            if new := _new_databases(there, inputs):
                return NotYet(f"the target has no database {', '.join(new)}")
        return Done("the target has every role and database", known or {})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any] | None:
        """Done by the next look, unless the target refused something."""
        with ends.source(world, inputs).open() as here:
            text = whole(here, words.pg_dumpall_globals(role_passwords=True)).decode("utf-8", "surrogateescape")
        with ends.target(world, inputs).open() as there, ends.asking(there, there.database) as connection:
            made = load_roles(connection, text)
        with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
            wanted = survey.server(here).roles
            if missing := sorted(wanted - survey.server(there).roles):
                raise ends.refused(f"the target has no role {', '.join(missing)}", made.refused)
            left = _joined(there, _strange(there, wanted))
            left += _made(here, there, inputs)
        told = [*made.refused, *made.notes, *left]
        return {"refused": told, "said": "; ".join(told) or "the target has every role and database"}

    def undo(self, world: World, inputs: Inputs) -> None:
        """They stay: they hold nothing, and somebody may have begun to use them."""


def _new_databases(there: Door, inputs: Inputs) -> list[str]:
    with ends.asking(there, there.database) as connection:
        found = {name for (name,) in ends.rows(connection, "SELECT datname::text FROM pg_database")}
    return sorted(set(ends.moved(inputs).values()) - found)


def _made(here: Door, there: Door, inputs: Inputs) -> list[str]:
    """With encoding and locale as here. Not by `pg_restore --create`, which would shut them to writers as the source is by
    then. Returns what was refused; raises `Failed` for one that the target cannot make."""
    new, left = _new_databases(there, inputs), []
    for one in inventory(here)["databases"] if new else ():
        if (name := ends.moved(inputs).get(one["name"], "")) not in new:
            continue
        with ends.asking(there, there.database) as connection:
            if not _is_made(connection, one | {"name": name}):
                left.append(f"database {name} will not belong to {one['owner']}")
    return left


def _is_made(connection: ends.Connection, database: dict[str, Any]) -> bool:
    """False when it belongs to the login there, which may not give it to its owner."""
    for owned in (True, False):
        try:
            connection.execute(create(database, owned=owned))
            return owned
        except psycopg.Error as error:
            if not (owned and isinstance(error, psycopg.errors.InsufficientPrivilege)):
                how = f"by hand, encoding {database['encoding']}, with a locale that the target has"
                hint = f"Make it {how} (it was {database['collate']}; texts may sort otherwise), then --resume."
                what = f"the target cannot make the database {database['name']}: {ends.said(error)}"
                raise Failed(what, hint=hint) from None
    return False


_STRANGE = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%s) AND NOT pg_has_role(oid, 'USAGE') ORDER BY 1"


def _strange(there: Door, wanted: frozenset[str]) -> list[str]:
    """The roles that the login there may not act for: a superuser may for all."""
    with ends.asking(there, there.database) as connection:
        return [name for (name,) in ends.rows(connection, _STRANGE, sorted(wanted))]


def _joined(there: Door, roles: list[str]) -> list[str]:
    """Also those that a killed attempt made. Returns, in words, whose member the login may not become."""
    left = []
    with ends.asking(there, there.database) as connection:
        for role in roles:
            try:
                connection.execute(SQL("GRANT {} TO CURRENT_USER").format(Identifier(role)))
            except psycopg.Error as error:
                ends.insist_refused(error)
                left.append(f"what belongs to {role} will belong to the login: {ends.said(error)}")
    return left
