"""The gate before a machine is destroyed so that another may be made in its place: one look now, what a drill has proven,
and what a person has said in writing."""

from __future__ import annotations

from outlive.errors import UsageError
from outlive.recovery import cloud, kept_look
from outlive.recovery.gate import Condition, Target, Waiver, gate
from outlive.recovery.known import KEPT, LOSS, ORDER, Words, circumstances, host_of
from outlive.recovery.plan_guard import Gate
from outlive.recovery.proven import proven_until
from outlive.recovery.steps.base import Inputs, World


def named(inputs: Inputs) -> Target:
    """The machine that the step says is to be destroyed. Raises `UsageError`."""
    found = inputs.args.get("old")
    if not isinstance(found, dict) or found.keys() != {"id", "address", "hostname"}:
        hint = (
            'old = { id = "811287", address = "203.0.113.9", hostname = "web-1" }; compare all three at the provider.'
        )
        raise UsageError("`old` does not name the machine that is destroyed by all its names.", hint=hint)
    return Target(*(cloud.text(found, key) for key in ("id", "address", "hostname")))


def gate_of(world: World, inputs: Inputs) -> Gate:
    """Asks every address now. `--accept-loss` is the word for what is lost; the approval of the step, whose line in the plan
    says that the disk is gone, is the one for keeping nothing and for destroying first. Raises `NoData`."""
    looked = kept_look.look(world).looked()
    loss, approved = Waiver.read(inputs.args.get("waiver")), Waiver.read(inputs.args.get("approved"))
    said = {LOSS: loss, KEPT: approved, ORDER: approved}
    words = Words(named(inputs), {what: word for what, word in said.items() if word is not None})
    until = proven_until(world.vault, world.own_assets())

    def decide(target: Target) -> tuple[Condition, ...]:
        others = [one for one in world.settings.hosts if one.name != world.host.name]
        host = host_of(target, [world.host, *others], looked)
        own = Condition(
            "the host itself",
            host == world.host.name,
            f"{target} is {host}, and {world.host.name} is recovered",
            "only the machine that is recovered is replaced",
        )
        return (own, *gate(target, circumstances(target, host, looked, (), words, until), world.clock.now()))

    return decide
