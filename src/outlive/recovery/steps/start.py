"""`start`: the project comes up in order: first the databases, then, once they take orders, everything else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from outlive.backup.restore.pour import step
from outlive.commands import compose
from outlive.errors import Failed
from outlive.model.asset import PostgresAsset
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World

ASK_SECONDS = 60
POLL_SECONDS = 1.0
UP_SECONDS = 600


class Start(Manners):
    """Containers that are there are left as they are: compose looks by itself."""

    effect = Effect.CHANGES
    timeout_seconds = 1200.0

    def plan(self, world: World, inputs: Inputs) -> str:
        first = ", ".join(_databases(world))
        return f"starts {first + ' first, then ' if first else ''}every service of the project"

    def look(self, world: World, inputs: Inputs) -> Look:
        project, wanted = _project(inputs), inputs.fact("services")
        asked = world.there.run(compose.ps(project), timeout_seconds=ASK_SECONDS)
        if asked.status != 0:
            return Unknown(" | ".join(asked.stderr.strip().splitlines()[-2:]))
        try:
            found = {one.name: one for one in compose.read_ps(asked.text)}
        except (ValueError, KeyError, TypeError) as error:
            return Unknown(f"docker compose ps: {error}")
        if bad := [name for name in wanted if name not in found or not found[name].is_good]:
            states = [f"{name} ({found[name].state} {found[name].health})" if name in found else name for name in bad]
            return NotYet(f"not up: {', '.join(states)}")
        return Done(f"{len(wanted)} services are up")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        end = world.clock.monotonic() + timeout_seconds
        project = _project(inputs)
        if databases := _databases(world):
            self._up(world, project, databases)
            for service in databases:
                self._wait(world, end, partial(self._takes_orders, world, project, service))
        self._up(world, project, [])
        self._wait(world, end, lambda: "" if isinstance(seen := self.look(world, inputs), Done) else seen.why)

    def undo(self, world: World, inputs: Inputs) -> None:
        """Stops the containers and leaves them: an anonymous volume of theirs may hold something."""
        step(world.there.run(_project(inputs).say("stop"), timeout_seconds=UP_SECONDS), "stopping the project")

    def _up(self, world: World, project: compose.Project, services: list[str]) -> None:
        words = project.say("up", "--detach", "--no-recreate", "--no-build", "--quiet-pull", *services)
        step(world.there.run(words, timeout_seconds=UP_SECONDS), "docker compose up")

    def _wait(self, world: World, end: float, trouble: Callable[[], str]) -> None:
        while said := trouble():
            if world.clock.monotonic() > end:
                raise Failed(
                    said, hint="Look at its log there (`docker compose logs`), then `outlive recover --resume`."
                )
            world.clock.sleep(POLL_SECONDS)

    def _takes_orders(self, world: World, project: compose.Project, service: str) -> str:
        words = project.say("exec", "-T", service, "pg_isready", "--quiet", "--timeout=5")
        asked = world.there.run(words, timeout_seconds=ASK_SECONDS)
        return "" if asked.status == 0 else f"{service} takes no orders yet"


def _project(inputs: Inputs) -> compose.Project:
    return compose.Project(inputs.fact("project"), tuple(inputs.fact("files")))


def _databases(world: World) -> list[str]:
    containers = [one.container or "" for one in world.own_assets() if isinstance(one, PostgresAsset)]
    return [service for _, _, service in (one.partition("/") for one in containers) if service]
