"""`secret-list`: what is to be changed, by name: what we can change ourselves, and what only a person can."""

from __future__ import annotations

from outlive.commands import env_file
from outlive.errors import Failed
from outlive.leaks import rotation
from outlive.recovery import stack_env
from outlive.recovery.rotating import ours, roles
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World


class SecretList(Manners):
    """Of the stack's `.env` and the guarded clusters. Facts: `shared` (variables and roles), `by_hand` (name, what, how)."""

    effect = Effect.READS

    def plan(self, world: World, inputs: Inputs) -> str:
        return "lists every secret of the stack's .env by name, and which of them opens which role of which database"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done("was listed", known)
        text, found = stack_env.text(world, inputs), roles.known(world)
        names = rotation.names(text)
        if not names:
            return NotYet(f"{stack_env.path(inputs)} sets nothing")
        groups = ours.shared(text, found)
        own = ours.names(groups)
        made = [name for name in names if _is_made_of(text, name, own)]
        rest = [one for one in rotation.checklist(names) if one.name not in (*own, *made)]
        by_hand = [{"name": one.name, "what": one.what, "how": one.how} for one in rest]
        opened = [role for one in groups for role in one.roles]
        by_hand += [_role(role) for role in found if role not in opened]
        told = [f"we change {', '.join(one.variables)} ({', '.join(map(str, one.roles))})" for one in groups]
        told += [f"only you can change {one['name']}: {one['how']}" for one in by_hand]
        return Done("; ".join(told) or "there is no secret", {"shared": ours.document(groups), "by_hand": by_hand})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        seen = self.look(world, inputs)
        hint = "Say where the stack's variables are: `env_file` of this step."
        raise Failed(f"{seen.why if isinstance(seen, NotYet) else ''}.", hint=hint)

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""


def _is_made_of(text: str, name: str, others: list[str]) -> bool:
    """A value that only holds others' changes with them."""
    line = env_file.lines(text).get(name, "")
    return any(f"${{{other}}}" in line for other in others)


def _role(role: ours.Role) -> dict[str, str]:
    why = "Outlive logs in with it" if role.is_ours else "no variable of that .env holds its password"
    how = f"{why}: ALTER ROLE ... PASSWORD, and hand it to whoever uses it."
    return {"name": f"role {role}", "what": "a database's password", "how": how}
