"""`move-load`: every database comes to the target by `pg_dump` and `pg_restore`; or, for a replication, its definitions."""

from __future__ import annotations

from functools import partial

from outlive.backup.restore.restore_dsn import Dump
from outlive.commands import postgres as words
from outlive.errors import Failed
from outlive.recovery.intent import Intent
from outlive.recovery.moving import dumping, ends, rights
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.sources.postgres_inventory import inventory
from outlive.transport.postgres_door import Door

LOAD_SECONDS = 12 * 3600.0
RIGHTS = (
    "GRANT it at the target (or make the table belong to the role that has it here), then `outlive recover --resume`."
)


class MoveLoad(Manners):
    """`rows = false`: definitions alone. Before the first byte it is noted that the databases there are empty, so that what
    a killed attempt left is known to be ours; that is removed, nothing else. Facts: `refused`."""

    effect = Effect.CREATES
    timeout_seconds = LOAD_SECONDS

    def plan(self, world: World, inputs: Inputs) -> str:
        what = "the definitions of every database" if inputs.args.get("rows") is False else "every database"
        return f"brings {what} to the target by pg_dump and pg_restore"

    def look(self, world: World, inputs: Inputs) -> Look:
        noted = Intent(world, inputs).read()
        if noted is None or "loaded" not in noted:
            return NotYet("it is not at the target yet" if noted is None else "an earlier attempt was cut off")
        if lost := _lost(world, inputs):
            return NotYet(lost)
        return Done(
            "; ".join([f"{len(noted['plan'])} database(s) are at the target", *noted["loaded"]]),
            {"refused": noted["loaded"]},
        )

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        intent, plan = Intent(world, inputs), ends.moved(inputs)
        with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
            found = {one["name"]: dumping.without_read_only(one) for one in inventory(here)["databases"]}
            databases = [found[name] for name in plan]
            noted = intent.read()
            if noted is not None and "loaded" in noted:
                raise Failed(f"it is loaded, and {_lost(world, inputs)}.", hint=RIGHTS)
            self._begin(world, inputs, intent)
            refused: list[str] = []
            for name, called in plan.items():
                refused += rights.let_owners_in(here, there, name, called)
            with_rows = inputs.args.get("rows") is not False
            dumps = [Dump(one, partial(dumping.dumped, here, one["name"], rows_too=with_rows)) for one in databases]
            roles = dumping.whole(here, words.pg_dumpall_globals(role_passwords=True))
            loaded = ends.destination(world, inputs).load([roles], dumps, _major(here))
        intent.note({"plan": plan, "loaded": [*refused, *loaded.refused]}, anew=True)

    def _begin(self, world: World, inputs: Inputs, intent: Intent) -> None:
        """The databases there are empty, and it is noted that they were."""
        plan = ends.moved(inputs)
        if intent.read() is not None:
            with ends.target(world, inputs).open() as there:
                for name in plan.values():
                    dumping.emptied(there, name)
        elif full := ends.full(world, inputs, list(plan.values())):
            raise ends.not_empty(full)
        intent.note({"plan": plan})

    def undo(self, world: World, inputs: Inputs) -> None:
        """What was loaded stays at the target: nothing of somebody's is dropped, and the copy hurts nobody."""


def _lost(world: World, inputs: Inputs) -> str:
    """What roles may do here, and not at the target."""
    plan, but = ends.moved(inputs), ends.replicating(world, inputs)
    with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
        found = [said for name, called in plan.items() for said in rights.lost(here, there, name, called, but)]
    return "; ".join(found[: rights.SHOWN]) + (
        f" and {len(found) - rights.SHOWN} more" if len(found) > rights.SHOWN else ""
    )


def _major(here: Door) -> int:
    with here.connect(here.database) as connection:
        return connection.info.server_version // 10000
