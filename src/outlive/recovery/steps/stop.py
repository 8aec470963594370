"""`stop`: the project's containers are stopped, so that nobody writes while data is put in its place."""

from __future__ import annotations

from outlive.backup.restore.pour import step
from outlive.commands import compose
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World

ASK_SECONDS = 60
STOP_SECONDS = 300


class Stop(Manners):
    """Done once in a run: what a later step has started is not stopped again."""

    effect = Effect.CHANGES

    def plan(self, world: World, inputs: Inputs) -> str:
        return "stops the project's containers for as long as the restore takes (downtime)"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done(facts=known)
        asked = world.there.run(compose.ps(_project(inputs)), timeout_seconds=ASK_SECONDS)
        if asked.status != 0:
            return Unknown(" | ".join(asked.stderr.strip().splitlines()[-2:]))
        try:
            running = [
                one.name for one in compose.read_ps(asked.text) if one.state not in ("exited", "created", "dead")
            ]
        except (ValueError, KeyError, TypeError) as error:
            return Unknown(f"docker compose ps: {error}")
        return NotYet(f"{', '.join(running)} runs") if running else Done("nothing of the project runs")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        step(world.there.run(_project(inputs).say("stop"), timeout_seconds=STOP_SECONDS), "docker compose stop")

    def undo(self, world: World, inputs: Inputs) -> None:
        """What ran before runs again."""
        words = _project(inputs).say("up", "--detach", "--no-recreate", "--no-build")
        step(world.there.run(words, timeout_seconds=STOP_SECONDS), "docker compose up")


def _project(inputs: Inputs) -> compose.Project:
    return compose.Project(inputs.fact("project"), tuple(inputs.fact("files")))
