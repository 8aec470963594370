"""`restore-schedules`: the namespaces and schedules of a server that runs become what was exported. What is there first goes
into the vault as a copy of its own, which is what the undo goes back to. Schedules that are not in the export stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outlive.backup.copies import catalog
from outlive.backup.restore.restore_temporal import restore_temporal
from outlive.commands.temporal_compare import EXTRA, Comparison, compare
from outlive.commands.temporal_undo import taking_back
from outlive.errors import Failed, OutliveError
from outlive.model.observation import rfc3339
from outlive.recovery.intent import Intent
from outlive.recovery.schedule_server import asset_of, door_of, exported
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

COPY_SECONDS = 600.0


class RestoreSchedules(Manners):
    """What is made waits paused, what is changed stays paused or running as it is. Facts: `asset`, `copy`, `until`,
    `schedules_of`, `before` (the copy of what was there), `differences` (sentences, afterwards)."""

    effect = Effect.CHANGES
    timeout_seconds = 900.0
    restores = True

    def plan(self, world: World, inputs: Inputs) -> str:
        return (
            f"takes a copy of what {asset_of(world, inputs).name} has now, and makes namespaces and schedules what they are "
            f"in the export {inputs.copy}; what is made waits paused"
        )

    def changes(self, world: World, inputs: Inputs) -> Sequence[str]:
        try:
            seen = _seen(world, inputs)
        except OutliveError as error:
            return [f"- what is there now was not told: {error}"]
        said = [f"- {one}" for one in seen.differences if not one.is_held and one.what != EXTRA]
        return [*said, *(f"+ {one} as exported" for one in _names(seen))] or ["  nothing: it is as it was exported"]

    def look(self, world: World, inputs: Inputs) -> Look:
        known = inputs.facts.get(inputs.step)
        return NotYet() if known is None else Done(str(known.get("said", "")), known)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any]:
        asset, manifest = asset_of(world, inputs), catalog.find(world.vault, inputs.copy).manifest
        facts: dict[str, Any] = {"asset": asset.name, "copy": manifest.id, "until": rfc3339(manifest.data_until)}
        before = self._before(world, inputs)
        wanted = exported(world, inputs.copy)
        with door_of(world, asset) as door:
            seen = compare(wanted, door.export(wanted))
            done = restore_temporal(door, wanted, seen, update=True, run=False, say=world.say)
        if done.failed:
            raise Failed("; ".join(done.failed), hint="Mend the cause, then `outlive recover --resume`; or --undo.")
        after = done.comparison
        said = f"{after.same + len(after.held)} of {wanted.count} schedules are as they were exported"
        said += f"; {len(after.held)} wait paused: outlive temporal release {asset.name}" if after.held else ""
        said += f"; what was there before is copy {before}"
        differences = [str(one) for one in after.differences]
        return facts | {"schedules_of": asset.name, "before": before, "differences": differences, "said": said}

    def undo(self, world: World, inputs: Inputs) -> str | None:
        """As it was in the copy that was taken first; what somebody has changed since stays, and is named."""
        noted = Intent(world, inputs).read()
        if noted is None or not noted.get("copy"):
            return None
        before, wanted = exported(world, noted["copy"]), exported(world, inputs.copy)
        with door_of(world, asset_of(world, inputs)) as door:
            back = taking_back(before, wanted, door.export(wanted))
            for name, schedule in back.made:
                door.delete(name, schedule.id)
            for name, schedule in back.changed:
                door.update(name, schedule, keep_state=True)
            for namespace in back.namespaces:
                door.change(namespace)
        said = f"{len(back.made)} schedules that were made are gone, {len(back.changed)} are as they were before"
        return said + (f"; left as they are: {', '.join(back.left)}" if back.left else "")

    def _before(self, world: World, inputs: Inputs) -> str:
        """The copy of what was there, taken once in a run: after a kill what is there is half ours already."""
        intent = Intent(world, inputs)
        if (noted := intent.read()) is not None and noted.get("copy"):
            return str(noted["copy"])
        name = inputs.args["asset"]
        known = {one.id for one in catalog.listing(world.vault, name).copies}
        world.outlive(["backup", name], COPY_SECONDS)
        fresh = [one.id for one in catalog.listing(world.vault, name).copies if one.id not in known]
        if not fresh:
            raise Failed(f"no copy of what {name} has now could be taken, so nothing was changed.")
        return str(intent.note({"copy": fresh[-1]})["copy"])


def _seen(world: World, inputs: Inputs) -> Comparison:
    with door_of(world, asset_of(world, inputs)) as door:
        wanted = exported(world, inputs.copy)
        return compare(wanted, door.export(wanted))


def _names(seen: Comparison) -> list[str]:
    return [f"{name}/{one.id}" for name, one in (*seen.missing, *seen.differing)]
