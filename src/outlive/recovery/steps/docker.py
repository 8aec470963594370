"""`docker`: an engine with compose answers on the new machine."""

from __future__ import annotations

from outlive.backup.restore.pour import step
from outlive.errors import Failed
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

ASK_SECONDS = 60
VERSIONS = ("sh", "-c", "docker version --format '{{.Server.Version}}' && docker compose version --short")


class Docker(Manners):
    """`install` in the runbook is a shell line that installs it; without one a person does."""

    effect = Effect.CHANGES
    timeout_seconds = 1200.0

    def plan(self, world: World, inputs: Inputs) -> str:
        how = "installs it with the runbook's own line if it is missing" if "install" in inputs.args else "else stops"
        return f"makes sure that Docker with compose runs on {world.told(inputs)}; {how}"

    def look(self, world: World, inputs: Inputs) -> Look:
        asked = world.there.run(VERSIONS, timeout_seconds=ASK_SECONDS)
        if asked.status != 0:
            return NotYet(" | ".join(asked.stderr.strip().splitlines()[-2:]) or "docker does not answer")
        engine, compose = [*asked.text.split(), "?"][:2]
        return Done(f"Docker {engine}, compose {compose}", {"docker": engine, "compose": compose})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        line = inputs.args.get("install")
        if not isinstance(line, str):
            raise Failed(
                f"{world.target.name} has no running Docker with compose.",
                hint="Install both there (docs.docker.com/engine/install), or give the runbook's step an `install` line; "
                "then `outlive recover --resume`.",
            )
        step(world.there.run(("sh", "-euc", line), timeout_seconds=timeout_seconds), "installing Docker")

    def undo(self, world: World, inputs: Inputs) -> None:
        """What was installed stays: others may use it by now."""
