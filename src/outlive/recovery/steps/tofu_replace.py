"""`tofu-replace`: the machine that is lost is destroyed by the user's own module, and another made in its place
(`-replace`). Only where there is no room for two: `tofu-machine` keeps the old one."""

from __future__ import annotations

from outlive.errors import Refused
from outlive.recovery import cloud, replacing, tofu_giving_back
from outlive.recovery.steps.base import Effect, Inputs, Look, Manners, World
from outlive.recovery.tofu_making import Making


class TofuReplace(Manners):
    """Behind the gate for what is destroyed. Facts as `tofu-machine`."""

    effect = Effect.DESTROYS
    timeout_seconds = 1200.0
    attempts = 60
    pause_seconds = 10.0
    approval = True
    works_there = False
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        resource, folder = cloud.text(inputs.args, "resource"), cloud.text(inputs.args, "folder")
        return (
            f"DESTROYS {replacing.named(inputs)}: its disk is gone afterwards; then makes {resource} anew, in {folder}"
        )

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        """The gate itself is asked when it is done, by a look of that moment."""
        replacing.named(inputs)
        return _making(world, inputs).shown(gate=lambda target: ())

    def look(self, world: World, inputs: Inputs) -> Look:
        return _making(world, inputs).look()

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        if world.rehearsal:
            raise Refused(
                "A rehearsal destroys nothing.", hint="Rehearse with `tofu-machine`, or name a scratch machine."
            )
        _making(world, inputs).make(timeout_seconds, replacing.gate_of(world, inputs))

    def undo(self, world: World, inputs: Inputs) -> str:
        return tofu_giving_back.take_back(world, inputs)


def _making(world: World, inputs: Inputs) -> Making:
    return Making(world, inputs, (f"-replace={cloud.text(inputs.args, 'resource')}",))
