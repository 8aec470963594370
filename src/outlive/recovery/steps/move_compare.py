"""`move-compare`: source and target hold the same: every table by rows and sum, every sequence."""

from __future__ import annotations

from outlive.errors import Failed
from outlive.recovery.moving import sums
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World


class MoveCompare(Manners):
    """While nobody writes. Facts: `asset`, `until`, `rows`, `tables`."""

    effect = Effect.READS
    timeout_seconds = 2 * sums.COMPARE_SECONDS
    attempts = 1

    def plan(self, world: World, inputs: Inputs) -> str:
        return "compares every table (rows, and a sum over all of them) and every sequence with the source's"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done("was the same while nobody wrote", known)
        found, tables, count = sums.compared(world, inputs)
        if found:
            return NotYet(sums.shortened(found))
        facts = {"asset": inputs.args["asset"], "until": inputs.fact("read_only_at"), "rows": count, "tables": tables}
        return Done(f"{tables} tables, {count} rows: the same on both sides", facts)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        seen = self.look(world, inputs)
        raise Failed(
            f"source and target differ: {seen.why if isinstance(seen, NotYet) else 'no longer'}.",
            hint="Users have the old database. `outlive recover --undo` opens it; then empty the target and begin anew.",
        )

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""
