"""`enrol`: the new machine becomes who the host is, so that the next replacement shows."""

from __future__ import annotations

import re
from dataclasses import replace

from outlive.errors import Failed, NoData, OutliveError
from outlive.model.host import SshAddress
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

LOOK_SECONDS = 300
_CODE = re.compile(r"--accept (\S+)")
IDENTITY = "guest.machine_id"


class Enrol(Manners):
    """As `outlive identity HOST --enrol`; the difference was accepted with the plan. Facts: `enrolled_at`."""

    effect = Effect.CHANGES
    attempts = 12  # a machine on which everything has just been started answers slowly
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"enrols the new machine as {world.host.name}: its identity is watched from then on"

    def look(self, world: World, inputs: Inputs) -> Look:
        newest = {one.host: one for one in world.memory.enrolments(world.host.name)}.get(world.host.name)
        if newest is None or newest.facts.get(IDENTITY) != inputs.fact("machine_id"):
            return NotYet("another machine is enrolled")
        return Done(f"enrolled, {len(newest.facts)} facts", {"enrolled_at": newest.at.isoformat()})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        at = SshAddress.parse(world.target.address).host
        words = ["identity", world.host.name, "--enrol", "--at", at]
        try:
            done = world.outlive(words, LOOK_SECONDS)
        except OutliveError as error:
            code = _CODE.search(f"{error} {error.hint}")
            if code is None:
                raise Failed(f"{world.host.name} could not be enrolled: {error}", hint=error.hint) from error
            done = world.outlive([*words, "--accept", code[1]], LOOK_SECONDS)
        if done.get("exit_code") == NoData.exit_code:
            raise NoData(f"{at} let nobody in who could see what it is; it may be busy.")

    def undo(self, world: World, inputs: Inputs) -> None:
        """The former machine is the host again, as it was enrolled: enrolments are a history, so that one is added."""
        known, ours = world.memory.enrolments(world.host.name), inputs.fact("machine_id")
        before = [one for one in known if one.facts.get(IDENTITY) != ours]
        if before and known[-1].facts.get(IDENTITY) == ours:
            by = f"recovery {inputs.run}"
            world.memory.enrol(replace(before[-1], at=world.clock.now(), by=by, how="undo"))
