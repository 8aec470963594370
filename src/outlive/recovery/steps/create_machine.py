"""`create-machine`: a server is ordered, once, with a host key that we know; a lost answer is made good by finding it."""

from __future__ import annotations

from dataclasses import replace

from outlive.commands.orders import Order, hostname, is_off, is_up
from outlive.model.host import Host
from outlive.model.project import Server
from outlive.recovery import cloud, giving_back
from outlive.recovery.destination import made
from outlive.recovery.host_key import first_boot, host_key
from outlive.recovery.intent import Intent
from outlive.recovery.maker import maker
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World
from outlive.transport import hostkey
from outlive.transport.net import NoAnswer

SETTLE_SECONDS = 600.0  # so long an order may be under way without being listed


class CreateMachine(Manners):
    """The server's name is of this run alone; it is looked for before and after. Its host key is pinned as soon as it has an
    address, in the place of any that was pinned there: providers give addresses again. Facts: `made_address`, `server_id`,
    `hostname`, `host_key`."""

    effect = Effect.CREATES
    timeout_seconds = 120.0
    attempts = 120
    pause_seconds = 10.0
    approval = True
    works_there = False

    def plan(self, world: World, inputs: Inputs) -> str:
        order = _order(world, inputs)
        where = f"{cloud.text(inputs.args, 'provider')} ({order.region})"
        return f"orders a server {order.plan} with {order.image} at {where}, named {order.hostname}; it costs money"

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        order = _order(world, inputs)
        try:
            offer = cloud.asked(lambda: maker(world, inputs.args).offer(order))
        except NoAnswer as error:
            offer = f"what it costs was not told: {error}"
        keys = f"; logs in: the provider's keys {', '.join(order.keys)}" if order.keys else ""
        machine = f"{order.plan}, {order.region}, {order.image}, SSH host key made here{keys}"
        return [f"+ {order.hostname}: {machine}", f"+ {offer}"]

    def look(self, world: World, inputs: Inputs) -> Look:
        found = _find(world, inputs)
        if found is not None and _is_kept_off(world, inputs, found):
            return NotYet(f"{found.hostname} is there, and an undo that was cut off has switched it off")
        if found is not None:
            return self._standing(world, inputs, found)
        intent = Intent(world, inputs)
        noted = intent.read() or {}
        if noted.get("server_id"):
            return Unknown(f"the provider took the order (id {noted['server_id']}) and does not list it")
        if left := intent.settles_in_seconds(SETTLE_SECONDS):
            return Unknown(f"it was ordered, and is not listed yet; for certain in {left:.0f} s")
        return NotYet(f"there is no server {_name(world, inputs)}")

    def _standing(self, world: World, inputs: Inputs, server: Server) -> Look:
        if not is_up(server):
            return Unknown(f"{server.hostname} is being made ({' '.join((server.state, server.status)).strip()})")
        key = host_key(world.folder)
        pins = hostkey.pinned(_host(world, inputs, server), world.settings.keeper.known_hosts)
        wanted = hostkey.fingerprint(f"host {key.public}")
        if [one.fingerprint for one in pins] != [wanted]:
            return NotYet(f"{server.hostname} is there, and its host key is not pinned")
        facts = {"made_address": server.addresses[0], "server_id": server.id, "hostname": server.hostname}
        return Done(f"{server.hostname} (id {server.id}) at {server.addresses[0]}", facts | {"host_key": wanted})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        """Orders it, or switches on what an undo had switched off, or pins its key, whichever comes next."""
        found = _find(world, inputs)
        key = host_key(world.folder)
        if found is not None:
            if _is_kept_off(world, inputs, found):
                cloud.asked(lambda: maker(world, inputs.args).power(found.id, on=True))
            if is_up(found):
                hostkey.repin(_host(world, inputs, found), key.public, world.settings.keeper.known_hosts)
            return
        order = replace(_order(world, inputs), user_data=first_boot(key, cloud.texts(inputs.args, "authorized_keys")))
        intent = Intent(world, inputs)
        intent.note({"hostname": order.hostname})
        if identity := cloud.change(intent, lambda: maker(world, inputs.args).make(order)):
            intent.note({"hostname": order.hostname, "server_id": identity}, anew=True)

    def undo(self, world: World, inputs: Inputs) -> str:
        """Switches it off and keeps it, for it may hold what is nowhere else. Given back to the provider it is behind the
        gate: when a person has named it, or when a rehearsal made it."""
        found, intent = _find(world, inputs), Intent(world, inputs)
        if found is None:
            if not (intent.read() or {}).get("given_back") and intent.settles_in_seconds(SETTLE_SECONDS):
                raise NoAnswer("unknown", "a server was ordered and is not listed yet; undo again in ten minutes")
            return "no server of this run is there"
        if not world.rehearsal and "named" not in inputs.args:
            intent.note({**(intent.read() or {}), "switched_off": found.id}, anew=True)
            cloud.asked(lambda: maker(world, inputs.args).power(found.id, on=False))
            return f"{found.hostname} (id {found.id}) is switched off and kept; it still costs money"
        giving_back.insist(world, inputs, found, _name(world, inputs), is_kept_off=_is_kept_off(world, inputs, found))
        intent.note({**(intent.read() or {}), "given_back": found.id}, anew=True)
        cloud.asked(lambda: maker(world, inputs.args).delete(found.id))
        return f"{found.hostname} (id {found.id}) is given back, with its disk"


def _is_kept_off(world: World, inputs: Inputs, server: Server) -> bool:
    """By an undo of this run."""
    return is_off(server) and (Intent(world, inputs).read() or {}).get("switched_off") == server.id


def _name(world: World, inputs: Inputs) -> str:
    return hostname(world.host.name, inputs.digest)


def _find(world: World, inputs: Inputs) -> Server | None:
    name = _name(world, inputs)
    servers = cloud.asked(lambda: maker(world, inputs.args).servers())
    mine = [one for one in servers if one.hostname == name and one.state != "terminating"]
    if len(mine) > 1:
        raise NoAnswer(
            "unreadable", f"{len(mine)} servers are named {name}: a person must look at the provider's console"
        )
    return mine[0] if mine else None


def _order(world: World, inputs: Inputs) -> Order:
    args = inputs.args
    plan, region, image = (cloud.text(args, name) for name in ("plan", "region", "image"))
    return Order(_name(world, inputs), plan, region, image, cloud.texts(args, "ssh_keys"))


def _host(world: World, inputs: Inputs, server: Server) -> Host:
    """The machine as it will be reached."""
    return made(world.host, server.addresses[0], str(inputs.args.get("user", "")))
