"""The `.env` as it will be, beside the one that is there: the only place of the new secrets until that one is swapped."""

from __future__ import annotations

from collections.abc import Mapping

from outlive.backup.restore.pour import step
from outlive.commands import env_file
from outlive.recovery import stack_env
from outlive.recovery.rotating import ours
from outlive.recovery.steps.base import Inputs, World


def groups(inputs: Inputs) -> tuple[ours.Shared, ...]:
    """As the step `secret-list` found them."""
    return ours.read_document(inputs.fact("shared") or [])


def text(world: World, inputs: Inputs) -> str | None:
    """With the new secrets: what was staged, or, once that is swapped in, the file itself; None before there are any."""
    if (staged := stack_env.read_if_there(world, _path(inputs))) is not None:
        return staged
    before = stack_env.before(world, inputs)
    now = stack_env.text(world, inputs)
    if before is None or any(_same(before, now, name) for name in ours.names(groups(inputs))):
        return None
    return now


def is_staged(world: World, inputs: Inputs) -> bool:
    return stack_env.read_if_there(world, _path(inputs)) is not None


def stage(world: World, inputs: Inputs, new: Mapping[str, str]) -> str:
    """Whole or not at all; nothing is written over. Returns what is there now."""
    fresh = stack_env.changed(inputs, stack_env.text(world, inputs), new)
    words = env_file.beside(stack_env.path(inputs), _path(inputs))
    done = world.there.run(words, stdin=fresh.encode(), timeout_seconds=stack_env.ASK_SECONDS)
    step(done, f"writing {_path(inputs)}")
    return stack_env.read_if_there(world, _path(inputs)) or fresh


def drop(world: World, inputs: Inputs) -> None:
    done = world.there.run(("rm", "-f", "--", _path(inputs)), timeout_seconds=stack_env.ASK_SECONDS)
    step(done, f"removing {_path(inputs)}")


def _path(inputs: Inputs) -> str:
    return f"{stack_env.path(inputs)}.next-{inputs.run}"


def _same(one: str, other: str, name: str) -> bool:
    return env_file.values(one).get(name) == env_file.values(other).get(name)
