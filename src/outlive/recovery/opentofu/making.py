"""A machine made by the user's own module of OpenTofu or Terraform: what is planned is saved, judged, and that is applied.

On the day of the outage an `apply` destroyed the machine that had the data. So the saved plan passes the guard of
`outlive plan-guard` first, and whatever it does beside the machine that was named is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outlive.commands.orders import is_off
from outlive.commands.tofu import Change, Plan
from outlive.commands.tofu_apply import asked_to_make
from outlive.commands.tofu_complaints import why
from outlive.errors import Failed, NoData, Refused
from outlive.recovery import cloud
from outlive.recovery.destination import made
from outlive.recovery.host_key import first_boot, host_key
from outlive.recovery.intent import Intent
from outlive.recovery.maker import maker
from outlive.recovery.opentofu import makes, orphan, stated
from outlive.recovery.opentofu.module import USER_DATA, Module, module
from outlive.recovery.opentofu.stated import Stated
from outlive.recovery.plan_guard import Gate, Reason
from outlive.recovery.resources import described
from outlive.recovery.steps.base import Done, Inputs, Look, NotYet, Unknown, World
from outlive.transport import hostkey, tofu_errors

SWITCHED_OFF = "switched_off"  # in the note of what was asked for: the id of what an undo keeps, off
_UNLOCKED = "~ its state is kept where nothing locks it: see to it that nobody else applies meanwhile"
_PROBE = "#cloud-config\n# outlive looks whether this arrives\n"  # for a plan that is only shown


@dataclass(frozen=True, slots=True)
class Making:
    """By one step of one run."""

    world: World
    inputs: Inputs
    words: tuple[str, ...] = ()  # for the plan: `-replace=...`

    def shown(self, gate: Gate | None = None) -> list[str]:
        """What would be done, in lines of a diff. Raises `Refused` when it must not be."""
        own = self._module
        own.insist_on_the_workspace()
        try:
            plan = own.planned(_PROBE, *self.words, locks=False)
        except NoData as error:
            return [f"- what the plan would be was not told: {error}"]
        finally:
            own.tofu.clear()
        self._insist(plan, _PROBE, gate)
        lines = [_line(change) for change in plan.changes if change.actions not in (("no-op",), ("read",))]
        return lines if own.tofu.backend().is_locked else [*lines, _UNLOCKED]

    def look(self) -> Look:
        own, intent = self._module, self._intent
        if own.tofu.is_applying():
            return Unknown(f"{own.tofu.program} still makes {own.resource}")
        own.insist_on_the_workspace()
        noted = intent.read()
        if noted is None:
            return NotYet(f"{own.resource} is not made by this run yet")
        found = self._ours(noted)
        if found is None:
            return orphan.look(self.world, self.inputs, own, intent, noted)
        if found.is_tainted:
            return NotYet(f"{own.resource} (id {found.id}) is half made")
        if not (found.address and found.hostname and found.id):
            return Unknown(f"the state does not tell {own.resource} by id, address and hostname: name them in `names`")
        if self._is_kept_off(found):
            return NotYet(f"{found.hostname} is there, and an undo of this run has switched it off")
        if not self._is_pinned(found):
            return NotYet(f"{found.hostname} is there, and its host key is not pinned")
        return self._done(found)

    def make(self, timeout_seconds: float, gate: Gate | None = None) -> None:
        """Makes it, or switches on what an undo had switched off, and pins its key, whichever comes next. Raises `Refused`,
        `NoData`, `Failed`."""
        own, intent = self._module, self._intent
        own.insist_on_the_workspace()
        found = self._ours(intent.read())
        if found is None:
            self._apply_new(own, intent, timeout_seconds, gate)
            found = self._ours(intent.read())
        elif found.is_tainted:
            raise _half_made(own, found)
        elif self._is_kept_off(found):
            cloud.asked(lambda: maker(self.world, self.inputs.args).power(found.id, on=True))
        if found is not None and found.address:
            key = host_key(self.world.folder)
            hostkey.repin(self._host(found), key.public, self.world.settings.keeper.known_hosts)
            own.tofu.clear()

    def _apply_new(self, own: Module, intent: Intent, timeout_seconds: float, gate: Gate | None) -> None:
        told = first_boot(host_key(self.world.folder), cloud.texts(self.inputs.args, "authorized_keys"))
        before = own.standing()
        plan = own.planned(told, *self.words)
        try:
            self._insist(plan, told, gate)
            name = self._name_to_be(own, plan)
            others = orphan.named(self.world, self.inputs, name) or []
        except BaseException:
            own.tofu.clear()
            raise
        own.tofu.clear_log()
        noted = {"before": before.id if before else "", "hostname": name, "others": others, "boot": orphan.boot()}
        intent.note(noted, anew=True)
        self.applied(own, timeout_seconds / 2)

    def applied(self, own: Module, timeout_seconds: float) -> None:
        """The saved plan. Raises `NoData` while it goes on."""
        status = own.tofu.apply(timeout_seconds)
        if status is None:
            raise NoData(
                f"{own.tofu.program} still applies in {own.tofu.folder}.", hint="`outlive recover --resume` looks."
            )
        own.tofu.clear(log=False)
        if status == 0:
            return
        said = own.tofu.log()
        if not asked_to_make(said, own.resource):
            raise tofu_errors.failed(own.tofu.program, own.tofu.folder, "apply", said)
        hint = "`outlive recover --resume` looks what of it is there before anything is made again."
        raise Failed(f"{own.tofu.program} could not make {own.resource}: {why(said)}.", hint=hint)

    def _insist(self, plan: Plan, user_data: str, gate: Gate | None) -> None:
        own = self._module
        refuse(makes.judge(plan, own.resource, own.also, own.workspace, gate))
        if not makes.takes(plan, own.resource, user_data):
            is_declared = USER_DATA in plan.variables
            how = (
                f"does not hand var.{USER_DATA} on to {own.resource}" if is_declared else f"has no variable {USER_DATA}"
            )
            raise Refused(
                f"The module {how}: nobody would know the new machine by its key.",
                hint="docs/reference/cloud-steps.md, `tofu-machine`, shows the lines for it. Nothing was made.",
            )

    def _name_to_be(self, own: Module, plan: Plan) -> str:
        after = next(change.after for change in plan.changes if change.address == own.resource)
        where = own.where.get("hostname", "")
        return stated.told("hostname", after, {}, "" if where.startswith(stated.OUTPUT) else where)

    def _ours(self, noted: Mapping[str, Any] | None) -> Stated | None:
        """The machine that this run has made: another than stood at that address before."""
        if noted is None:
            return None
        found = self._module.standing()
        return None if found is None or found.id == noted["before"] else found

    def _is_kept_off(self, found: Stated) -> bool:
        """By an undo of this run that was gone on from after all."""
        if "provider" not in self.inputs.args or (self._intent.read() or {}).get(SWITCHED_OFF) != found.id:
            return False
        servers = cloud.asked(lambda: maker(self.world, self.inputs.args).servers())
        return any(one.id == found.id and is_off(one) for one in servers)

    def ours(self) -> Stated | None:
        """As `look` sees it. Raises `NoData` while it is under way, `Refused` when a person must clear it up."""
        own, noted = self._module, self._intent.read()
        if own.tofu.is_applying():
            raise NoData(
                f"{own.tofu.program} is still at work in {own.tofu.folder}.", hint="Try again when it has ended."
            )
        own.insist_on_the_workspace()
        found = self._ours(noted)
        if noted is not None and found is None and "given_back" not in noted:
            seen = orphan.look(self.world, self.inputs, own, self._intent, noted)
            if isinstance(seen, Unknown):
                raise NoData(f"{seen.why}.", hint="Undo again in ten minutes.")
        return found

    def _done(self, found: Stated) -> Done:
        own = self._module
        said = f"{found.hostname} (id {found.id}) at {found.address}"
        if own.variables:
            names = ", ".join(own.variables)
            said += f"; write {names} into your own variables, else your next apply would take it away"
        key = hostkey.fingerprint(f"host {host_key(self.world.folder).public}")
        facts = {"made_address": found.address, "server_id": found.id, "hostname": found.hostname, "host_key": key}
        return Done(said, facts)

    def _is_pinned(self, found: Stated) -> bool:
        wanted = hostkey.fingerprint(f"host {host_key(self.world.folder).public}")
        pins = hostkey.pinned(self._host(found), self.world.settings.keeper.known_hosts)
        return [one.fingerprint for one in pins] == [wanted]

    def _host(self, found: Stated) -> Any:
        return made(self.world.host, found.address, str(self.inputs.args.get("user", "")))

    @property
    def _module(self) -> Module:
        return module(self.world, self.inputs)

    @property
    def _intent(self) -> Intent:
        return Intent(self.world, self.inputs)


def refuse(reasons: Sequence[Reason]) -> None:
    """Raises `Refused` in the words of the guard, when there are any."""
    if reasons:
        raise Refused(
            "The plan was not applied: "
            + "; ".join(f"{one.address} ({one.action}): {one.why}" for one in reasons)
            + ".",
            hint="; ".join(dict.fromkeys(one.cure for one in reasons)) + ".",
        )


def _half_made(own: Module, found: Stated) -> Refused:
    here = f"{own.tofu.program} -chdir={own.tofu.folder}"
    return Refused(
        f"{own.resource} (id {found.id}) is half made: the state has it as tainted, and an apply would destroy it.",
        hint=f"Look at it in the provider's console. Is it well: `{here} untaint '{own.resource}'`. Is it not: delete it "
        f"there, then `{here} state rm '{own.resource}'`. Then `outlive recover --resume`.",
    )


def _line(change: Change) -> str:
    if change.destroys:
        return f"- {change.address}: {described(change)} is destroyed, its disk is gone; another is made in its place"
    sign = "+" if change.actions == ("create",) else "~"
    return f"{sign} {change.address}: {' and '.join(change.actions)}"
