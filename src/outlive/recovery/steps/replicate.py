"""`replicate`: the target subscribes to the source, and has every row that is there, while users go on writing."""

from __future__ import annotations

from contextlib import suppress

import psycopg

from outlive.errors import Failed, OutliveError, Refused
from outlive.recovery.moving import ends, replication
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport.postgres_door import Door

POLL_SECONDS = 2.0
READY = "r"
CURE = (
    "The target itself connects to the source: `source_for_target` must be an address that the provider's network reaches, "
    "with TLS, for a role with REPLICATION that may read every table. Where that cannot be had (a container that publishes "
    "no port, a firewall), use the runbook move-postgres instead. Then --resume, or --undo."
)


class Replicate(Manners):
    """`source_for_target`: where the DSN is by which the target reaches the source. Postgres keeps it in the target's
    catalog until the replication ends. Facts: `replicated`."""

    effect = Effect.CREATES
    timeout_seconds = 12 * 3600.0

    def plan(self, world: World, inputs: Inputs) -> str:
        return "publishes every table, and has the target subscribe and copy them; users go on writing"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done("every table was in step", known)
        left = 0
        with ends.target(world, inputs).open() as there:
            for database, called in ends.moved(inputs).items():
                with ends.asking(there, called) as connection:
                    found = replication.states(connection, replication.named(inputs.run, database))
                if found is None:
                    return NotYet(f"{called} does not subscribe yet")
                left += sum(state != READY for state in found)
        return (
            NotYet(f"{left} table(s) are not in step yet")
            if left
            else Done("every table is in step", {"replicated": True})
        )

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
            for database, called in ends.moved(inputs).items():
                name = replication.named(inputs.run, database)
                with ends.asking(there, called) as connection:
                    is_there = replication.states(connection, name) is not None
                if not is_there:
                    with ends.asking(here, database) as connection:
                        replication.publish(connection, name)
                        replication.drop_slot(connection, name)
                    try:
                        _subscribe(there, called, name, ends.source_for_target(world, inputs, database))
                    except Refused:
                        with suppress(OutliveError):
                            _leave_no_slot(here, there, database, called, name)
                        raise
        end = world.clock.monotonic() + timeout_seconds
        while not isinstance(seen := self.look(world, inputs), Done):
            if world.clock.monotonic() > end:
                raise Failed(
                    f"{seen.why if isinstance(seen, NotYet) else ''}.", hint="See the target's log; then --resume."
                )
            world.clock.sleep(POLL_SECONDS)

    def undo(self, world: World, inputs: Inputs) -> None:
        """Subscription, slot and publication go; the rows at the target stay."""
        with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
            replication.end(here, there, ends.moved(inputs), inputs.run)


def _leave_no_slot(here: Door, there: Door, database: str, called: str, name: str) -> None:
    """It would fill the source's disk while the run stands still; unless the target subscribes after all."""
    with ends.asking(there, called) as connection:
        if replication.states(connection, name) is not None:
            return
    with ends.asking(here, database) as connection:
        replication.drop_slot(connection, name)


def _subscribe(there: Door, database: str, name: str, conninfo: str) -> None:
    with there.connect(database) as connection:
        try:
            connection.execute(replication.subscription(name, conninfo))
        except psycopg.Error as error:
            raise Refused(f"The target could not subscribe: {ends.said(error)}", hint=CURE) from None
