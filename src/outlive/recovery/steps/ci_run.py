"""`ci-run`: a workflow's run, begun by an earlier step, is followed to its end."""

from __future__ import annotations

from outlive.commands import github
from outlive.errors import Failed
from outlive.recovery import cloud
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World
from outlive.transport.net import NoAnswer


class CiRun(Manners):
    """Wants the fact `run_id`. Facts: `conclusion`, `url`."""

    effect = Effect.READS
    timeout_seconds = 60.0
    attempts = 240
    pause_seconds = 15.0
    works_there = False
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"waits until the run in {cloud.text(inputs.args, 'repo')} is over, and insists that it went well"

    def look(self, world: World, inputs: Inputs) -> Look:
        run = _run(world, inputs)
        if not run.is_over:
            return Unknown(f"run {run.id} is {run.status}")
        if run.conclusion != "success":
            return NotYet(f"run {run.id} ended as {run.conclusion}: {run.url}")
        return Done(f"run {run.id} went well", {"conclusion": run.conclusion, "url": run.url})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        """A run that failed is for a person: beginning another is not ours to decide."""
        run = _run(world, inputs)
        raise Failed(
            f"the run {run.id} ended as {run.conclusion}.",
            hint=f"Look at {run.url}; re-run it there, then `outlive recover --resume`.",
        )

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""


def _run(world: World, inputs: Inputs) -> github.Run:
    number = inputs.args.get("run_id") or inputs.fact("run_id")
    if number is None:
        raise Failed("no earlier step began a run.", hint="Put a step of kind ci-dispatch before it.")
    api_args = (str(inputs.args.get("url") or github.BASE), cloud.secret(inputs.args, "token"), github.HEADERS)
    path = github.run_path(cloud.text(inputs.args, "repo"), int(number))

    async def ask() -> github.Run:
        reply = await cloud.api(world, *api_args).get(path)
        try:
            return github.read_run(reply.body)
        except ValueError as error:
            raise NoAnswer("unreadable", f"GitHub: {error}") from error

    return cloud.asked(ask)
