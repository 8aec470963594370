"""`stop`: the project's containers are stopped, so that nobody writes while data is put in its place."""

from __future__ import annotations

from outlive.backup.restore.pour import step
from outlive.commands import compose
from outlive.model.asset import PostgresAsset
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World

ASK_SECONDS = 60
STOP_SECONDS = 300
ENDED = ("exited", "created", "dead")


class Stop(Manners):
    """Done once in a run: what a later step has started is not stopped again. `databases = false`: the clusters go on, so
    that a last copy can be taken of them."""

    effect = Effect.CHANGES

    def plan(self, world: World, inputs: Inputs) -> str:
        what = "whatever writes" if inputs.args.get("databases") is False else "the project's containers"
        return f"stops {what} on {world.told(inputs)} (downtime begins)"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done(facts=known)
        asked = world.shell(world.host_of(inputs)).run(compose.ps(_project(inputs)), timeout_seconds=ASK_SECONDS)
        if asked.status != 0:
            return Unknown(" | ".join(asked.stderr.strip().splitlines()[-2:]))
        try:
            found = compose.read_ps(asked.text)
        except (ValueError, KeyError, TypeError) as error:
            return Unknown(f"docker compose ps: {error}")
        spared = _spared(world, inputs)
        running = [one.name for one in found if one.state not in ENDED and one.name not in spared]
        return (
            NotYet(f"{', '.join(running)} runs")
            if running
            else Done(
                "nobody writes any more",
                {"stopped_at": world.clock.now().isoformat(), "stopped_on": world.host_of(inputs).address},
            )
        )

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        spared = _spared(world, inputs)
        services = [one for one in inputs.fact("services") if one not in spared] if spared else []
        there = world.shell(world.host_of(inputs))
        step(there.run(_project(inputs).say("stop", *services), timeout_seconds=STOP_SECONDS), "docker compose stop")

    def undo(self, world: World, inputs: Inputs) -> None:
        """What ran before runs again."""
        words = _project(inputs).say("up", "--detach", "--no-recreate", "--no-build")
        step(world.shell(world.host_of(inputs)).run(words, timeout_seconds=STOP_SECONDS), "docker compose up")


def _project(inputs: Inputs) -> compose.Project:
    return compose.Project(inputs.fact("project"), tuple(inputs.fact("files")))


def _spared(world: World, inputs: Inputs) -> set[str]:
    if inputs.args.get("databases") is not False:
        return set()
    containers = [one.container or "" for one in world.own_assets() if isinstance(one, PostgresAsset)]
    return {name.partition("/")[2] for name in containers if "/" in name}
