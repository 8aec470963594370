"""`app-env`: the app's connection strings lead to the target: its `.env` is swapped whole, and kept as it was."""

from __future__ import annotations

from outlive.commands import env_file
from outlive.errors import OutliveError, Refused
from outlive.recovery import stack_env
from outlive.recovery.moving import app, sums
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World


class AppEnv(Manners):
    """Facts: `env_file`, `env_before`. Undone only while the target holds nothing that the old database does not."""

    effect = Effect.CHANGES
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"{', '.join(app.variables(inputs))} in the stack's .env leads to the target; the file as it was is kept"

    def look(self, world: World, inputs: Inputs) -> Look:
        old = stack_env.before(world, inputs)
        if old is None:
            return NotYet("it leads to the old database")
        now = env_file.values(stack_env.text(world, inputs))
        if any(now.get(name) != value for name, value in app.led(world, inputs, old).items()):
            return NotYet("it leads to the old database")
        file = stack_env.path(inputs)
        return Done(f"{file} leads to the target", {"env_file": file, "env_before": env_file.kept(file, inputs.run)})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        old = stack_env.before(world, inputs) or stack_env.text(world, inputs)
        stack_env.write(world, inputs, app.led(world, inputs, old))

    def undo(self, world: World, inputs: Inputs) -> None:
        """Nobody may write while the two are compared; whoever has written already keeps the new database, unless that was
        given up in writing. Users are served by one of them, also when they cannot be compared."""
        if stack_env.before(world, inputs) is None:
            return
        stack_env.stop(world, inputs)
        try:
            _insist_same(world, inputs)
        except OutliveError:
            stack_env.up(world, inputs, start=True)
            raise
        stack_env.put_back(world, inputs, set(app.variables(inputs)))
        stack_env.up(world, inputs, start=False)


def _insist_same(world: World, inputs: Inputs) -> None:
    """Raises `Refused`, and what the two databases raise."""
    if "own_waiver" in inputs.args:
        return
    found, _, _ = sums.compared(world, inputs)
    if found:
        raise Refused(
            f"Something was written to the new database: {sums.shortened(found)}.",
            hint="Nothing was taken back; users have the new database. What is only there would be lost to them: if it may "
            'be, outlive recover --undo --accept-loss "WHY"',
        )
