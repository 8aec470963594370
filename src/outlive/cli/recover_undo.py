"""`outlive recover --undo`: what a run left is taken back, last step first."""

from __future__ import annotations

from collections.abc import Sequence

from outlive.cli.looking import person
from outlive.cli.named import target
from outlive.cli.recover_run import Call, ask, carried, last, noted, own
from outlive.errors import UsageError
from outlive.model.recovery import Entry, Recovery, What, begun_steps, facts_ever, is_ended
from outlive.recovery import plan
from outlive.recovery.destination import ordered_with, ordering, where
from outlive.recovery.gate import Target

LOSES = ("create-machine", "app-env")  # their undo may lose what is nowhere else: only when that was given up
LEAVES = "what cannot be taken back is left as it is"


def take_back(call: Call, named: str, accept_loss: str, give_up: str) -> int:
    recovery, steps = to_take_back(call, target(named) if named else None)
    entries = call.journal.entries(recovery.id)
    call.output.console.print(f"{recovery.id} on {where(recovery, entries)}: taken back, in this order:")
    for name in reversed(steps) if steps else ("nothing: it has not begun anything yet",):
        call.output.console.print(f"  {name}")
    order = ordering(recovery) if ordering(recovery) in steps else ""
    if order:
        call.output.console.print(f"  {_what_becomes_of_it(recovery, entries, named)}")
    ask(call, "Shall it be taken back? Data that was put there is kept aside on that machine.")
    if named and not order:
        raise UsageError("this run has ordered no machine, so none is given back.", hint="Leave --named out.")
    call.journal.write(recovery.id, call.clock.now(), "", What.RESUMED, person(), "to be taken back")
    _named(call, recovery, order, named)
    losing = [one["name"] for one in recovery.steps if one["args"]["kind"] in LOSES and one["name"] in steps]
    for step in losing if accept_loss else ():
        call.journal.write(recovery.id, call.clock.now(), step, What.WAIVED, person(), accept_loss)
        noted(call, recovery, f"{person()} gives up what is only there ({step}): {accept_loss}")
    if give_up:
        call.journal.write(recovery.id, call.clock.now(), "", What.APPROVED, person(), f"{LEAVES}: {give_up}")
        noted(call, recovery, f"{person()}: {LEAVES}: {give_up}")
    back = plan.backward(recovery, steps, give_up=bool(give_up))
    return carried(call, recovery, f"{recovery.id}:undo", back, "undone")


def _what_becomes_of_it(recovery: Recovery, entries: Sequence[Entry], named: str) -> str:
    made = facts_ever(entries).get(ordering(recovery), {})
    names = ",".join(str(made.get(key, "?")) for key in ("server_id", "made_address", "hostname"))
    if recovery.rehearsal or named:
        return f"The machine that was ordered ({names}) is deleted, with its disk."
    off = "switched off and kept" if "provider" in ordered_with(recovery) else "kept, and stays on"
    return f"The machine that was ordered is {off}; --named {names} would give it back."


def _named(call: Call, recovery: Recovery, order: str, named: str) -> None:
    """What a person says of the machine that is given back, into the journal, at the step that ordered it."""
    if named:
        found = target(named)
        facts = {"named": [found.id, found.address, found.hostname]}
        said = f"to be given back: {found}"
        call.journal.write(recovery.id, call.clock.now(), order, What.APPROVED, person(), said, facts)
        noted(call, recovery, f"{person()} wants {found} to be given back")


def to_take_back(call: Call, named: Target | None) -> tuple[Recovery, list[str]]:
    """The run, and its steps that may have left something. Never an earlier one while one has not ended, though it may have
    begun nothing yet. With `named`: the one that has ordered that machine, also when it was taken back and the machine was
    kept."""
    unended = next((one for one in own(call) if not is_ended(call.journal.entries(one.id))), None)
    if named is not None and unended is None:
        for one in reversed(own(call)):
            entries = call.journal.entries(one.id)
            order = ordering(one)
            if facts_ever(entries).get(order, {}).get("hostname") == named.hostname:
                return one, begun_steps(entries) or [order]
    found = unended or last(
        call, lambda one: bool(begun_steps(call.journal.entries(one.id))), "There is nothing to take back."
    )
    return found, begun_steps(call.journal.entries(found.id))
