"""`schedules`: Temporal, which came back with its database, against what was exported: every difference is named.

Nothing is changed: the database is newer than the export, so that a schedule which is only in the export was mostly
deleted since. Who knows better brings it back with `outlive temporal restore`.
"""

from __future__ import annotations

from typing import Any

from outlive.backup.copies import catalog
from outlive.backup.restore.restore_temporal import read_export
from outlive.commands.temporal import Export, compare
from outlive.errors import ConfigError, Failed, NoData, OutliveError
from outlive.model.asset import TemporalAsset
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport.temporal import way
from outlive.transport.temporal_door import must_be_installed

POLL_SECONDS = 3.0


class Schedules(Manners):
    """Facts: `differences` (sentences; null when they could not be compared). Users are served by then: a Temporal that does
    not answer, an SDK that is not installed, a copy that does not open are told, and keep nothing else from being done."""

    effect = Effect.READS
    timeout_seconds = 180.0

    def plan(self, world: World, inputs: Inputs) -> str:
        try:
            must_be_installed()
        except ConfigError as error:
            return f"does NOT compare Temporal's schedules with their export: {error} {error.hint}"
        return f"compares Temporal's namespaces and schedules with the export {inputs.copy}, and names what differs"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done(str(known.get("said", "")), known)
        seen = _looked(world, inputs)
        return NotYet(str(seen)) if isinstance(seen, OutliveError) else Done(seen["said"], seen)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any]:
        end = world.clock.monotonic() + timeout_seconds
        while isinstance(seen := _looked(world, inputs), NoData) and world.clock.monotonic() < end:
            world.clock.sleep(POLL_SECONDS)  # it may still be starting
        if not isinstance(seen, OutliveError):
            return seen
        name = inputs.args["asset"]
        said = f"NOT CHECKED: {seen} Once that is mended: outlive temporal diff {name}"
        return {"schedules_of": name, "said": said, "differences": None}

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""


def _looked(world: World, inputs: Inputs) -> dict[str, Any] | OutliveError:
    try:
        return _compared(world, inputs)
    except OutliveError as error:
        return error


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
