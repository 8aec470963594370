"""A machine that a run has ordered is given back to its provider, through the gate."""

from __future__ import annotations

from datetime import datetime

from outlive.errors import OutliveError, Refused
from outlive.model.project import Server
from outlive.recovery.gate import Circumstances, Held, Target, Waiver, give_back, is_open, why_shut
from outlive.recovery.runbook import ORDERS
from outlive.recovery.steps.base import Inputs, World
from outlive.transport import hostkey

ASK_SECONDS = 30
_BEFORE = frozenset({"evidence", "take-over", *ORDERS})
_WRITES = frozenset({"start", "ci-dispatch"})  # what runs there after these may take orders


def insist(world: World, inputs: Inputs, server: Server, ordered: str, *, is_kept_off: bool = False) -> None:
    """Returns when the server may be deleted. `ordered` is the hostname that is this run's alone; `is_kept_off`: an undo of
    this run has switched it off, and it is. Raises `Refused`."""
    target = Target(server.id, server.addresses[0] if server.addresses else "", server.hostname)
    held = _held(world, inputs)
    seen_at = None if held is Held.NOTHING or is_kept_off else _seen_at(world, inputs)
    named = Target(*inputs.args["named"]) if "named" in inputs.args else target if world.rehearsal else None
    known = Circumstances(named=named, seen_at=seen_at, loss_accepted=Waiver.read(inputs.args.get("own_waiver")))
    made = _made(world, inputs, server, ordered)
    conditions = give_back(target, made, held, known, world.clock.now(), is_kept_off=is_kept_off)
    if not is_open(conditions):
        why, cure = why_shut(conditions)
        raise Refused(f"{target} is not given back: {why}.", hint=f"{cure}.")


def _made(world: World, inputs: Inputs, server: Server, ordered: str) -> Target | None:
    """What the journal says that this run has made; never the machine that is recovered, whatever it says."""
    facts = inputs.facts.get(inputs.step, {})
    identity, address = facts.get("server_id", server.id), facts.get("made_address", "".join(server.addresses[:1]))
    return None if identity == world.host.server_id else Target(str(identity), str(address), ordered)


def _held(world: World, inputs: Inputs) -> Held:
    if not inputs.begun - _BEFORE:
        return Held.NOTHING
    return Held.MORE if inputs.begun & _WRITES and not world.rehearsal else Held.COPIES


def _seen_at(world: World, inputs: Inputs) -> datetime | None:
    """When the machine proved its host key and its machine-id, by a look now; None when it did not."""
    try:
        hostkey.prove(world.target, world.settings.keeper.known_hosts)
        asked = world.there.run(("cat", "/etc/machine-id"), timeout_seconds=ASK_SECONDS)
        machine_id = asked.check(world.target.address).text.strip()
    except OutliveError:
        return None
    return world.clock.now() if machine_id == inputs.fact("machine_id") else None
