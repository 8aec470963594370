"""`redeploy`: the project's services, but for its guarded databases, run with the environment as it is now."""

from __future__ import annotations

from typing import Any

from outlive.commands import compose
from outlive.errors import Failed
from outlive.recovery import stack_env
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World

POLL_SECONDS = 1.0


class Redeploy(Manners):
    """As `docker compose up` does: a container whose environment changed is made anew. Facts: `redeployed_at`."""

    effect = Effect.CHANGES
    timeout_seconds = 1200.0
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return "starts every service but the databases, with the changed environment"

    def look(self, world: World, inputs: Inputs) -> Look:
        """That it is up tells nothing of what it was started with: whether this run did it is in the journal."""
        if (known := inputs.facts.get(inputs.step)) is None:
            return NotYet("not started with the new environment yet")
        return self._up(world, inputs, known)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any]:
        stack_env.up(world, inputs, start=True)
        facts = {"redeployed_at": world.clock.now().isoformat()}
        end = world.clock.monotonic() + timeout_seconds
        while not isinstance(seen := self._up(world, inputs, facts), Done):
            if world.clock.monotonic() > end:
                hint = "Look at its log there (`docker compose logs`), then `outlive recover --resume`."
                raise Failed(seen.why, hint=hint)
            world.clock.sleep(POLL_SECONDS)
        return {**facts, "said": seen.said}

    def undo(self, world: World, inputs: Inputs) -> None:
        """The step that changed the environment makes them anew when it takes that back."""

    def _up(self, world: World, inputs: Inputs, facts: Any) -> Look:
        wanted = stack_env.services(world, inputs)
        asked = world.there.run(compose.ps(stack_env.project(inputs)), timeout_seconds=stack_env.ASK_SECONDS)
        if asked.status != 0:
            return Unknown(" | ".join(asked.stderr.strip().splitlines()[-2:]))
        try:
            found = {one.name: one for one in compose.read_ps(asked.text)}
        except (ValueError, KeyError, TypeError) as error:
            return Unknown(f"docker compose ps: {error}")
        bad = [name for name in wanted if name not in found or not found[name].is_good]
        return NotYet(f"not up: {', '.join(bad)}") if bad else Done(f"{len(wanted)} services are up", facts)
