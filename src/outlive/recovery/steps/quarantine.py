"""`quarantine`: the machine that was replaced is switched off at its provider, and kept with its disk."""

from __future__ import annotations

from outlive.commands.orders import is_off
from outlive.model.host import SshAddress
from outlive.model.project import Server
from outlive.recovery import cloud
from outlive.recovery.intent import Intent
from outlive.recovery.maker import maker
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World
from outlive.transport.net import NoAnswer


class Quarantine(Manners):
    """The machine is the one with the step's `server_id`, else with the host's, else with the host's former address; never
    the one that was recovered to. Facts: `quarantined` (its id), `hostname`, `addresses`."""

    effect = Effect.CHANGES
    timeout_seconds = 120.0
    attempts = 12
    pause_seconds = 10.0
    approval = True
    works_there = False
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        which = inputs.args.get("server_id") or world.host.server_id or world.host.address
        return f"switches {which} off at {cloud.text(inputs.args, 'provider')} and keeps it with its disk"

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        try:
            found = _find(world, inputs)
        except NoAnswer as error:
            return [f"- which server that is was not told: {error}"]
        if not isinstance(found, Server):
            return [f"- {found.why}"]
        return [
            f"- {found.hostname} (id {found.id}, {', '.join(found.addresses)}) is {found.power or found.state}",
            "+ off",
        ]

    def look(self, world: World, inputs: Inputs) -> Look:
        found = _find(world, inputs)
        if not isinstance(found, Server):
            return found
        if not is_off(found):
            return NotYet(f"{found.hostname} (id {found.id}, {', '.join(found.addresses)}) is on")
        facts = {"quarantined": found.id, "hostname": found.hostname, "addresses": list(found.addresses)}
        return Done(f"{found.hostname} (id {found.id}) is off and kept", facts)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        found = _find(world, inputs)
        if isinstance(found, Server) and not is_off(found):
            intent = Intent(world, inputs)
            intent.note({"server": found.id})
            cloud.change(intent, lambda: maker(world, inputs.args).power(found.id, on=False))

    def undo(self, world: World, inputs: Inputs) -> None:
        noted = Intent(world, inputs).read()
        if noted is not None:
            cloud.asked(lambda: maker(world, inputs.args).power(str(noted["server"]), on=True))


def _find(world: World, inputs: Inputs) -> Server | Unknown:
    """The machine, when there is no doubt which one it is."""
    servers = cloud.asked(lambda: maker(world, inputs.args).servers())
    wanted = inputs.args.get("server_id") or world.host.server_id
    former = "" if world.host.is_local else SshAddress.parse(world.host.address).host
    mine = [one for one in servers if (one.id == str(wanted) if wanted else former in one.addresses)]
    if len(mine) != 1:
        return Unknown(f"{len(mine)} servers of the project are {wanted or former}: a person must look")
    made = inputs.fact("made_address")
    new = made or (SshAddress.parse(world.new.address).host if world.new else None)
    if new in mine[0].addresses or mine[0].id == inputs.fact("server_id"):
        return Unknown(f"{mine[0].hostname} (id {mine[0].id}) is the machine that we recovered to")
    return mine[0]
