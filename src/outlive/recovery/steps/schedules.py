"""`schedules`: Temporal, which came back with its database, against what was exported: every difference is named.

Nothing is changed: the database is newer than the export, so that a schedule which is only in the export was mostly
deleted since. Who knows better brings it back with `outlive temporal restore`.
"""

from __future__ import annotations

from typing import Any

from outlive.backup.copies import catalog
from outlive.backup.restore.restore_temporal import read_export
from outlive.commands.temporal import Export, compare
from outlive.errors import Failed, NoData
from outlive.model.asset import TemporalAsset
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport.temporal import way
from outlive.transport.temporal_door import must_be_installed

POLL_SECONDS = 3.0


class Schedules(Manners):
    """Facts: `differences` (sentences; null when the server could not be asked). Users are served by then: a Temporal that
    does not answer is told, and keeps nothing else from being done."""

    effect = Effect.READS
    timeout_seconds = 180.0

    def plan(self, world: World, inputs: Inputs) -> str:
        must_be_installed()
        return f"compares Temporal's namespaces and schedules with the export {inputs.copy}, and names what differs"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done(str(known.get("said", "")), known)
        try:
            facts = _compared(world, inputs)
        except NoData as error:
            return NotYet(str(error))
        return Done(facts["said"], facts)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any]:
        end = world.clock.monotonic() + timeout_seconds
        while isinstance(seen := self.look(world, inputs), NotYet) and world.clock.monotonic() < end:
            world.clock.sleep(POLL_SECONDS)
        if isinstance(seen, Done):
            return dict(seen.facts)
        why, name = seen.why if isinstance(seen, NotYet) else "", inputs.args["asset"]
        said = f"NOT CHECKED: {why} Once it answers: outlive temporal diff {name}"
        return {"schedules_of": name, "said": said, "differences": None}

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""


def _compared(world: World, inputs: Inputs) -> dict[str, Any]:
    asset = world.settings.asset(inputs.args["asset"])
    if not isinstance(asset, TemporalAsset):
        raise Failed(f"{inputs.args['asset']!r} is no asset of kind temporal.", hint="Compare with outlive.toml.")
    wanted: Export = read_export(world.vault, catalog.find(world.vault, inputs.copy).manifest, world.identities)
    with way(asset, world.there).open() as door:
        seen = compare(wanted, door.export())
    where = f" (asked at {asset.address}, wherever that leads)" if asset.address else ""
    said = f"{seen.same} of {wanted.count} schedules are as they were exported{where}"
    if seen.differences:
        said += f"; {len(seen.differences)} differences, in the report: outlive temporal restore {asset.name}"
    return {"schedules_of": asset.name, "said": said, "differences": [str(one) for one in seen.differences]}
