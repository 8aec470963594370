"""`old-machine`: what is left of the machine that was replaced is said, and never destroyed."""

from __future__ import annotations

from outlive.errors import OutliveError
from outlive.model.host import SshAddress
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport import hostkey

ASK_SECONDS = 20
LOOK_SECONDS = 300


class OldMachine(Manners):
    """Asked once more at the address that it had; then everybody is, so that what is remembered last is how it stands now.
    Facts: `old_machine` (silent, other or answers) and `verdict`, of the new machine."""

    effect = Effect.READS
    works_there = False
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        where = SshAddress.parse(world.host.address).host
        return f"asks {where} whether the old machine is still there; it is left as it is, for its disk may be wanted"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done(facts=known)
        return NotYet()

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, str]:
        found = self._ask(world, inputs)
        hosts = world.outlive(["check"], LOOK_SECONDS)["document"].get("hosts", [])
        verdict = next((str(one["verdict"]) for one in hosts if one.get("host") == world.host.name), "no_data")
        return found | {"verdict": verdict}

    def _ask(self, world: World, inputs: Inputs) -> dict[str, str]:
        where = SshAddress.parse(world.host.address).host
        machine = inputs.fact("machine_id")
        try:
            hostkey.prove(world.host, world.settings.keeper.known_hosts)
            asked = world.shell(world.host).run(("cat", "/etc/machine-id"), timeout_seconds=ASK_SECONDS)
        except OutliveError as error:
            return {"old_machine": "silent", "said": f"{where} does not answer as it did: {error}"}
        if asked.text.strip() == machine:
            return {"old_machine": "other", "said": f"{where} is the new machine by now"}
        return {
            "old_machine": "answers",
            "said": f"{where} still answers as the old machine. Power it off in the provider's console and keep its disk; "
            "do not delete it before somebody has looked at it.",
        }

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""
