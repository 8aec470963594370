"""`ci-dispatch`: a workflow is begun, once. A lost answer is made good by finding the run, never by asking again."""

from __future__ import annotations

from typing import Any

from outlive.commands import github
from outlive.recovery import cloud
from outlive.recovery.intent import Intent
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World
from outlive.transport.api import Api
from outlive.transport.net import NoAnswer

SETTLE_SECONDS = 600.0  # a run is listed within seconds; after this a dispatch without a run was none


class CiDispatch(Manners):
    """With `key_input` the workflow is given this run's name in that input and must print it in its `run-name`: then its
    run is known for certain. Without, the first run on the branch since the dispatch is taken for ours. Facts: `run_id`,
    `url`."""

    effect = Effect.CHANGES
    timeout_seconds = 120.0
    attempts = 60
    pause_seconds = 15.0
    works_there = False
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        args = inputs.args
        return f"begins the workflow {cloud.text(args, 'workflow')} of {cloud.text(args, 'repo')} on {_ref(inputs)}"

    def look(self, world: World, inputs: Inputs) -> Look:
        if known := inputs.facts.get(inputs.step):
            return Done(f"run {known['run_id']}", known)
        intent = Intent(world, inputs)
        noted = intent.read()
        if noted is None:
            return NotYet("it was not begun")
        found = cloud.asked(lambda: _found(_api(world, inputs), inputs, noted))
        if found:
            return Done(f"run {found[0].id}", {"run_id": found[0].id, "url": found[0].url})
        if left := intent.settles_in_seconds(SETTLE_SECONDS):
            return Unknown(f"it was asked for, and GitHub lists no run yet; for certain in {left:.0f} s")
        return NotYet("it was asked for, and there is no run")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any] | None:
        intent = Intent(world, inputs)
        newest = github.newest_id(cloud.asked(lambda: _runs(_api(world, inputs), inputs)))
        intent.note({"after": newest, "key": inputs.run})
        run = cloud.change(intent, lambda: _begin(_api(world, inputs), inputs))
        return None if run is None else {"run_id": run, "url": ""}

    def undo(self, world: World, inputs: Inputs) -> None:
        """A run that is not over is cancelled; what it has done already is its own to undo."""
        seen = self.look(world, inputs)
        if isinstance(seen, Done):
            cloud.asked(lambda: _cancel(_api(world, inputs), inputs, int(seen.facts["run_id"])))
        elif isinstance(seen, Unknown):
            raise NoAnswer("unknown", seen.why)


def _api(world: World, inputs: Inputs) -> Api:
    return cloud.api(
        world, str(inputs.args.get("url") or github.BASE), cloud.secret(inputs.args, "token"), github.HEADERS
    )


def _ref(inputs: Inputs) -> str:
    return cloud.text(inputs.args, "ref", "main")


def _inputs(inputs: Inputs) -> dict[str, str]:
    given = cloud.table(inputs.args, "inputs", 'inputs = { environment = "production" }')
    key = inputs.args.get("key_input")
    return {name: str(value) for name, value in given.items()} | ({str(key): inputs.run} if key else {})


async def _begin(api: Api, inputs: Inputs) -> int | None:
    args = inputs.args
    path = github.dispatch_path(cloud.text(args, "repo"), cloud.text(args, "workflow"))
    body = (await api.send("POST", path, github.dispatch(_ref(inputs), _inputs(inputs)))).body
    run = body.get("workflow_run_id") if isinstance(body, dict) else None
    return run if isinstance(run, int) and not isinstance(run, bool) else None


async def _found(api: Api, inputs: Inputs, noted: dict[str, Any]) -> tuple[github.Run, ...]:
    key = noted["key"] if inputs.args.get("key_input") else ""
    return github.ours(await _runs(api, inputs), noted["after"], _ref(inputs), key)


async def _runs(api: Api, inputs: Inputs) -> tuple[github.Run, ...]:
    args = inputs.args
    reply = await api.get(github.runs_path(cloud.text(args, "repo"), cloud.text(args, "workflow")))
    try:
        return github.read_runs(reply.body)
    except ValueError as error:
        raise NoAnswer("unreadable", f"GitHub: {error}") from error


async def _cancel(api: Api, inputs: Inputs, run: int) -> None:
    path = github.run_path(cloud.text(inputs.args, "repo"), run)
    if not github.read_run((await api.get(path)).body).is_over:
        await api.send("POST", f"{path}/cancel")
