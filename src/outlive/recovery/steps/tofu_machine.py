"""`tofu-machine`: a machine is made by the user's own module, beside whatever is there, with a host key that we know."""

from __future__ import annotations

from outlive.recovery import cloud, tofu_giving_back
from outlive.recovery.steps.base import Effect, Inputs, Look, Manners, World
from outlive.recovery.tofu_making import Making


class TofuMachine(Manners):
    """The plan may create the named resource, and nothing else but what is named in `also`. Facts: `made_address`,
    `server_id`, `hostname`, `host_key`."""

    effect = Effect.CREATES
    timeout_seconds = 1200.0
    attempts = 60
    pause_seconds = 10.0
    approval = True
    works_there = False

    def plan(self, world: World, inputs: Inputs) -> str:
        args = inputs.args
        where = f"{cloud.text(args, 'folder')}, workspace {cloud.text(args, 'workspace')}"
        return f"makes {cloud.text(args, 'resource')} with {cloud.text(args, 'program', 'tofu')} in {where}; it costs money"

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        return Making(world, inputs).shown()

    def look(self, world: World, inputs: Inputs) -> Look:
        return Making(world, inputs).look()

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        Making(world, inputs).make(timeout_seconds)

    def undo(self, world: World, inputs: Inputs) -> str:
        return tofu_giving_back.take_back(world, inputs)
