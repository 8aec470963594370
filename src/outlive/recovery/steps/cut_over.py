"""`cut-over`: once nobody writes any more: the last change has arrived, and what a replication does not carry is set."""

from __future__ import annotations

from psycopg.sql import SQL, Identifier

from outlive.errors import Failed
from outlive.recovery.intent import Intent
from outlive.recovery.moving import ends, replication, sums
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport.postgres_door import Door

POLL_SECONDS = 0.5
_BEHIND = """
SELECT slot_name::text FROM pg_replication_slots
WHERE slot_name = ANY(%s) AND (confirmed_flush_lsn IS NULL OR confirmed_flush_lsn < %s::pg_lsn)
"""
_VIEWS = """
SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND c.relispopulated ORDER BY c.oid
"""


class CutOver(Manners):
    """Sequences get the source's values; materialized views are computed. Facts: `sequences`, `views`."""

    effect = Effect.CHANGES
    timeout_seconds = 3600.0
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return (
            "waits for the last change, sets every sequence, computes materialized views (replication carries neither)"
        )

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done("was cut over", known)
        noted = Intent(world, inputs).read()
        if noted is None or "views" not in noted:
            return NotYet("sequences are not set yet")
        return Done(f"{noted['sequences']} sequences set, {noted['views']} materialized views computed", dict(noted))

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        intent, databases = Intent(world, inputs), ends.moved(inputs)
        with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
            lsn = _now(here)
            self._wait(world, inputs, here, lsn, timeout_seconds)
            done = [_carried(here, there, name, called, timeout_seconds) for name, called in databases.items()]
        intent.note({"lsn": lsn, "sequences": sum(one for one, _ in done), "views": sum(one for _, one in done)})

    def undo(self, world: World, inputs: Inputs) -> None:
        """The target's sequences hurt nobody."""
        Intent(world, inputs).drop()

    def _wait(self, world: World, inputs: Inputs, here: Door, lsn: str, timeout_seconds: float) -> None:
        names = [replication.named(inputs.run, one) for one in ends.moved(inputs)]
        end = world.clock.monotonic() + timeout_seconds
        with ends.asking(here, here.database, seconds=timeout_seconds + ends.ASK_SECONDS) as connection:
            while behind := ends.rows(connection, _BEHIND, names, lsn):
                if world.clock.monotonic() > end:
                    raise Failed(
                        f"{len(behind)} subscription(s) have not reached {lsn} yet.",
                        hint="The target's log says why; `outlive recover --undo` opens the old database again.",
                    )
                world.clock.sleep(POLL_SECONDS)


def _now(here: Door) -> str:
    """Every commit so far lies before it. The message makes sure that something follows."""
    with ends.asking(here, here.database) as connection:
        ((lsn,),) = ends.rows(connection, "SELECT pg_current_wal_insert_lsn()::text")
        ends.rows(connection, "SELECT pg_logical_emit_message(true, 'outlive', 'cut-over')")
    return str(lsn)


def _carried(here: Door, there: Door, name: str, called: str, timeout_seconds: float) -> tuple[int, int]:
    """How many sequences, how many views."""
    with ends.asking(here, name) as source, ends.asking(there, called, seconds=timeout_seconds) as target:
        found = list(sums.sequences(source))
        for schema, sequence, (value, was_given) in found:
            which = f"{_quoted(target, schema)}.{_quoted(target, sequence)}"
            ends.rows(target, "SELECT setval(%s::regclass, %s, %s)", which, value, was_given)
        views = ends.rows(source, _VIEWS)
        for schema, view in views:
            target.execute(SQL("REFRESH MATERIALIZED VIEW {}").format(Identifier(schema, view)))
    return len(found), len(views)


def _quoted(connection: ends.Connection, name: str) -> str:
    return Identifier(name).as_string(connection)
