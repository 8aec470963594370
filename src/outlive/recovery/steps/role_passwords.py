"""`role-passwords`: new random passwords, first written beside the stack's `.env`, then given to the roles."""

from __future__ import annotations

import secrets

from outlive.recovery import stack_env
from outlive.recovery.rotating import next_env, ours, roles
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

BYTES = 24


class RolePasswords(Manners):
    """The new secrets lie on the host alone, in a file with the mode of its `.env`, so that a kill loses none. Every session
    of these roles is ended: a new password does not throw anybody out. Facts: `roles`."""

    attempts = 10
    effect = Effect.CHANGES
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return "gives every role whose password the .env holds a new random one, and ends its sessions"

    def look(self, world: World, inputs: Inputs) -> Look:
        groups = next_env.groups(inputs)
        if not groups:
            return Done("the .env holds no password of a role")
        text = next_env.text(world, inputs)
        if text is None:
            return NotYet("there are no new passwords yet")
        wanted = ours.of_roles(text, groups)
        if wrong := roles.wrong(world, wanted):
            return NotYet(f"{', '.join(wrong)} has the old password")
        if inputs.facts.get(inputs.step) is None and (left := roles.sessions(world, wanted)):
            return NotYet(f"{left} session(s) of these roles go on")
        told = [f"{role.name} of {role.asset}" for one in groups for role in one.roles]
        return Done(f"{', '.join(told)}: a new password", {"roles": told})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        groups = next_env.groups(inputs)
        if (text := next_env.text(world, inputs)) is None:
            fresh = [secrets.token_urlsafe(BYTES) for _ in groups]
            text = next_env.stage(world, inputs, ours.renewed(stack_env.text(world, inputs), groups, fresh))
        roles.give(world, ours.of_roles(text, groups))

    def undo(self, world: World, inputs: Inputs) -> None:
        """The old passwords, from the `.env` as it was."""
        groups = next_env.groups(inputs)
        old = stack_env.before(world, inputs) or stack_env.text(world, inputs)
        roles.give(world, ours.of_roles(old, groups))
        next_env.drop(world, inputs)
