"""What becomes of a machine that a run has made with OpenTofu, when the run is taken back."""

from __future__ import annotations

from outlive.model.project import Server
from outlive.recovery import cloud, giving_back
from outlive.recovery.gate import Condition, Target
from outlive.recovery.host_key import first_boot, host_key
from outlive.recovery.intent import Intent
from outlive.recovery.maker import maker
from outlive.recovery.opentofu import makes
from outlive.recovery.opentofu.making import SWITCHED_OFF, Making, refuse
from outlive.recovery.opentofu.module import module
from outlive.recovery.opentofu.stated import Stated
from outlive.recovery.steps.base import Inputs, World

APPLY_SECONDS = 300.0


def take_back(world: World, inputs: Inputs) -> str:
    """It is kept, for it may hold what is nowhere else; switched off, where its provider can be asked. Given back it is
    behind the gate: when a person has named it, or when a rehearsal made it. Says what is there now."""
    making = Making(world, inputs)
    found = making.ours()
    if found is None:
        module(world, inputs).tofu.clear()
        return "no machine of this run is there"
    if not world.rehearsal and "named" not in inputs.args:
        return _kept(world, inputs, found)
    intent = Intent(world, inputs)
    noted = intent.read() or {}
    server = Server(found.id, found.hostname, "", addresses=(found.address,))
    giving_back.insist(world, inputs, server, str(noted.get("hostname") or found.hostname))
    intent.note({**noted, "given_back": found.id}, anew=True)
    _destroy(world, inputs, making, found)
    return f"{found.hostname} (id {found.id}) is given back, with its disk"


def _kept(world: World, inputs: Inputs, found: Stated) -> str:
    if "provider" not in inputs.args:
        return f"{found.hostname} (id {found.id}) is kept, on, and costs money: the step names no provider to switch it off"
    intent = Intent(world, inputs)
    intent.note({**(intent.read() or {}), SWITCHED_OFF: found.id}, anew=True)
    cloud.asked(lambda: maker(world, inputs.args).power(found.id, on=False))
    return f"{found.hostname} (id {found.id}) is switched off and kept; it still costs money"


def _destroy(world: World, inputs: Inputs, making: Making, found: Stated) -> None:
    """By a plan that destroys this one and nothing else."""
    own = module(world, inputs)
    told = first_boot(host_key(world.folder), cloud.texts(inputs.args, "authorized_keys"))

    def gate(target: Target) -> tuple[Condition, ...]:
        is_it = target.id == found.id
        return (Condition("made here", is_it, f"this run made {found.id}", "only what a run has made is given back"),)

    plan = own.planned(told, "-destroy", f"-target={own.resource}")
    try:
        refuse(makes.judge_removal(plan, own.resource, own.also, own.workspace, gate))
    except BaseException:
        own.tofu.clear()
        raise
    making.applied(own, APPLY_SECONDS)
    own.tofu.clear()
