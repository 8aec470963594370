"""`schedules`: Temporal, which came back with its database, against what was exported: every difference is named.

What the database surely never knew, since its copy is older than the schedule, is made again, paused. Nothing else is
changed: a schedule that is only in the export was mostly deleted since, and one that is otherwise was changed since. Who
knows better brings it back with `outlive temporal restore`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from outlive.backup.restore.restore_temporal import restore_temporal
from outlive.commands.temporal_compare import Comparison, born_after, compare
from outlive.errors import ConfigError, NoData, OutliveError
from outlive.recovery.schedule_server import asset_of, database_until, door_of, exported
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport.temporal_link import must_be_installed

POLL_SECONDS = 3.0


class Schedules(Manners):
    """Facts: `schedules_of`, `differences` (sentences; null when they could not be compared), `made` (names). Users are
    served by then: a Temporal that does not answer, an SDK that is not installed, a copy that does not open are told, and
    keep nothing else from being done."""

    effect = Effect.CHANGES
    timeout_seconds = 300.0

    def plan(self, world: World, inputs: Inputs) -> str:
        try:
            must_be_installed()
        except ConfigError as error:
            return f"does NOT compare Temporal's schedules with their export: {error} {error.hint}"
        return (
            f"compares Temporal's namespaces and schedules with the export {inputs.copy}, and names what differs; "
            "what its database is too old to know is made again, paused"
        )

    def look(self, world: World, inputs: Inputs) -> Look:
        known = inputs.facts.get(inputs.step)
        return NotYet() if known is None else Done(str(known.get("said", "")), known)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any]:
        end = world.clock.monotonic() + timeout_seconds
        while isinstance(seen := _looked(world, inputs), NoData) and world.clock.monotonic() < end:
            world.clock.sleep(POLL_SECONDS)  # it may still be starting
        if not isinstance(seen, OutliveError):
            return seen
        name = inputs.args["asset"]
        said = f"NOT CHECKED: {seen} Once that is mended: outlive temporal diff {name}"
        return {"schedules_of": name, "said": said, "differences": None, "made": []}

    def undo(self, world: World, inputs: Inputs) -> None:
        """What was made goes with the data that is taken back."""


def _looked(world: World, inputs: Inputs) -> dict[str, Any] | OutliveError:
    try:
        return _compared(world, inputs)
    except OutliveError as error:
        return error


def _compared(world: World, inputs: Inputs) -> dict[str, Any]:
    asset = asset_of(world, inputs)
    wanted = exported(world, inputs.copy)
    until = None if asset.address else database_until(asset, inputs)
    failed: tuple[str, ...] = ()
    with door_of(world, asset) as door:
        seen = compare(wanted, door.export(wanted))
        unborn = _unborn(seen, born_after(seen, until) if until else ())
        if unborn.missing:
            done = restore_temporal(door, wanted, unborn, update=False, run=False, say=world.say)
            seen, failed = done.comparison, done.failed
    gone = {(name, one.id) for name, one in seen.missing}
    made = [f"{name}/{one.id}" for name, one in unborn.missing if (name, one.id) not in gone]
    said = f"{seen.same} of {wanted.count} schedules are as they were exported"
    said += f" (asked at {asset.address}, wherever that leads)" if asset.address else ""
    said += f"; {len(made)} that the database was too old to know are made again, paused" if made else ""
    hint = "" if world.rehearsal else f": outlive temporal release {asset.name}"
    said += f"; {len(seen.held)} wait paused{hint}" if seen.held else ""
    if others := [str(one) for one in seen.differences if not one.is_held]:
        said += f"; {len(others)} differences, in the report: outlive temporal restore {asset.name}"
    told = [*(f"{one}: made again, paused" for one in made), *(str(one) for one in seen.differences), *failed]
    return {"schedules_of": asset.name, "said": said, "differences": told, "made": made}


def _unborn(seen: Comparison, missing: tuple[tuple[str, Any], ...]) -> Comparison:
    """Only these, and the namespaces that they are in."""
    names = {name for name, _ in missing}
    made = tuple(one for one in seen.namespaces if one.name in names)
    attributes = {name: types for name, types in seen.attributes.items() if name in names}
    return replace(seen, namespaces=made, attributes=attributes, missing=missing)
