"""`env-secrets`: the stack's `.env` gets the new passwords: swapped whole, and kept as it was."""

from __future__ import annotations

from outlive.commands import env_file
from outlive.errors import Failed
from outlive.recovery import stack_env
from outlive.recovery.rotating import next_env, ours
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World


class EnvSecrets(Manners):
    """After `role-passwords`. Facts: `env_before`."""

    effect = Effect.CHANGES
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return "writes the new passwords into the stack's .env; the file as it was is kept"

    def look(self, world: World, inputs: Inputs) -> Look:
        names = ours.names(next_env.groups(inputs))
        if not names:
            return Done("nothing of it is ours to change")
        if next_env.is_staged(world, inputs) or next_env.text(world, inputs) is None:
            return NotYet("it has the old passwords")
        kept = env_file.kept(stack_env.path(inputs), inputs.run)
        return Done(f"{', '.join(names)}: new in {stack_env.path(inputs)}", {"env_before": kept})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        text = next_env.text(world, inputs)
        if text is None:
            raise Failed("there are no new passwords.", hint="A step of kind role-passwords stands before this one.")
        values = env_file.values(text)
        stack_env.write(world, inputs, {name: values[name] for name in ours.names(next_env.groups(inputs))})
        next_env.drop(world, inputs)

    def undo(self, world: World, inputs: Inputs) -> None:
        """The roles get theirs back by the step before."""
        if stack_env.before(world, inputs) is not None:
            stack_env.stop(world, inputs)
            stack_env.put_back(world, inputs, set(ours.names(next_env.groups(inputs))))
            stack_env.up(world, inputs, start=False)
