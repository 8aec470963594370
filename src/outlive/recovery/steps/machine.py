"""`machine`: the new machine answers with the host key that was pinned beforehand, lets us in as root, and is nobody that
we know already. A key that is not pinned is never learned here: whoever answers first would be believed."""

from __future__ import annotations

from pathlib import Path

from outlive.errors import Failed, HostKeyUnknown
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World
from outlive.transport import hostkey

ASK_SECONDS = 30
IDENTITY = "guest.machine_id"


class Machine(Manners):
    """`same`: it is the host itself; `enrolled`: and has the machine-id that it was enrolled with. Facts: `machine_id`,
    `address`, `host_key`, `met_at`."""

    effect = Effect.READS
    timeout_seconds = 900.0
    attempts = 60
    pause_seconds = 10.0

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"waits until {world.told(inputs)} answers with its pinned host key and lets us in as root"

    def look(self, world: World, inputs: Inputs) -> Look:
        host = world.host_of(inputs)
        keys = hostkey.pinned(host, world.settings.keeper.known_hosts)
        if not keys:
            raise HostKeyUnknown(f"{host.address}", hint=pin_it(world.settings.keeper.known_hosts))
        asked = world.shell(host).run(("sh", "-c", "id -u; cat /etc/machine-id"), timeout_seconds=ASK_SECONDS)
        user, _, machine_id = asked.check(host.address).text.strip().partition("\n")
        if user != "0":
            return Unknown(f"{host.address} let us in as user {user}; a recovery needs root (or `sudo = true`)")
        earlier = inputs.facts.get(inputs.step, {})
        is_met = earlier.get("machine_id") == machine_id  # by now this run may have enrolled it
        if not is_met and not inputs.args.get("same") and (known := self._known(world, machine_id)):
            return NotYet(f"{host.address} is {known}, not a new machine")
        if inputs.args.get("enrolled") and self._known(world, machine_id) != host.name:
            return NotYet(f"{host.address} is not the machine that is enrolled as {host.name}")
        met = {"machine_id": machine_id, "address": host.address, "host_key": keys[0].fingerprint}
        return Done(
            f"machine {machine_id[:12]} answers", met | {"met_at": earlier.get("met_at", world.clock.now().isoformat())}
        )

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        """Nothing that we do makes it another machine."""
        host = world.host_of(inputs)
        if inputs.args.get("enrolled"):
            hint = "Is it the right address? `outlive check`; when all is well, `outlive identity --enrol`."
            raise Failed(f"{host.address} is not known to be {host.name}.", hint=hint)
        raise Failed(
            f"{world.target.address} is a machine that is enrolled already.",
            hint="Name a new, empty machine with --to, or use the runbook that rebuilds in place.",
        )

    def undo(self, world: World, inputs: Inputs) -> None:
        """Its host key stays pinned: a person pinned it."""

    def _known(self, world: World, machine_id: str) -> str:
        newest = {one.host: one.facts for one in world.memory.enrolments()}
        return next((name for name, facts in newest.items() if facts.get(IDENTITY) == machine_id), "")


def pin_it(known_hosts: Path) -> str:
    """What a person does about a machine whose key nobody pinned."""
    return (
        "Take its key from the provider's console (`cat /etc/ssh/ssh_host_ed25519_key.pub` there), or give the machine one "
        f"by cloud-init, and add the line `ADDRESS ssh-ed25519 AAAA...` to {known_hosts}. ssh-keyscan proves nothing."
    )
