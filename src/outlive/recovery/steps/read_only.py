"""`read-only`: nobody writes to the databases any more, also who is not of the compose project."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg.sql import SQL, Identifier, Literal

from outlive.recovery.intent import Intent
from outlive.recovery.moving import ends
from outlive.recovery.moving.dumping import READ_ONLY
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

_SET = """
SELECT d.datname::text, split_part(one, '=', 2) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase,
unnest(s.setconfig) one WHERE s.setrole = 0 AND split_part(one, '=', 1) = 'default_transaction_read_only'
"""
_EARLIER = """
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = ANY(%s)
AND backend_start < %s
"""


class ReadOnly(Manners):
    """`ALTER DATABASE ... SET default_transaction_read_only`, and every session from before it is ended. Who sets it
    off in a session of their own may write all the same; the comparison that follows finds it. Facts: `read_only_at`."""

    effect = Effect.CHANGES
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"shuts the databases of {inputs.args['asset']} to writers, and ends every session there"

    def look(self, world: World, inputs: Inputs) -> Look:
        noted = Intent(world, inputs).read() or {}
        if "read_only_at" not in noted:
            return NotYet("they take writes")
        with ends.source(world, inputs).open() as door, ends.asking(door, door.database) as connection:
            now = dict(ends.rows(connection, _SET))
            if any(now.get(name) != "on" for name in noted["before"]):
                return NotYet("they take writes")
            left = ends.rows(connection, f"SELECT count(*) {_EARLIER}", list(noted["before"]), _at(noted))
        if left != [(0,)]:
            return NotYet(f"{left[0][0]} session(s) from before are there still")
        return Done("nobody writes any more", {"read_only_at": noted["read_only_at"]})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        intent, names = Intent(world, inputs), list(ends.moved(inputs))
        with ends.source(world, inputs).open() as door, ends.asking(door, door.database) as connection:
            before = dict(ends.rows(connection, _SET))
            noted = intent.note({"before": {name: before.get(name) for name in names}})
            for name in names:
                connection.execute(
                    SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(Identifier(name))
                )
            ((at,),) = ends.rows(connection, "SELECT clock_timestamp()")
            noted = intent.note({**noted, "read_only_at": at.isoformat()}, anew=True)
            ends.rows(connection, f"SELECT pg_terminate_backend(pid, 10000) {_EARLIER}", names, _at(noted))

    def undo(self, world: World, inputs: Inputs) -> None:
        """As it was before. Sessions that were ended do not come back."""
        noted = Intent(world, inputs).read()
        if noted is None:
            return
        with ends.source(world, inputs).open() as door, ends.asking(door, door.database) as connection:
            for name, value in noted["before"].items():
                words = SQL("RESET ") if value is None else SQL("SET ")
                ending = SQL("") if value is None else SQL(" = {}").format(Literal(value))
                which = SQL("ALTER DATABASE {} ").format(Identifier(name))
                connection.execute(which + words + SQL(READ_ONLY) + ending)
        Intent(world, inputs).drop()


def _at(noted: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(noted["read_only_at"])
