"""`outlive recover`: the guarded runbook. Shows the plan, asks, runs, and goes on where it was killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from outlive import wiring_recovery, wiring_state
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.asking import insist
from outlive.cli.incident_note import note
from outlive.cli.looking import person
from outlive.cli.named import target
from outlive.cli.recover_begin import Wish, begun
from outlive.cli.recover_follow import carry
from outlive.cli.recover_words import document, planned, show_plan, tell_end
from outlive.cli.verify import IdentityOption
from outlive.cli.voice import say
from outlive.clock import Clock, SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import UsageError
from outlive.model.recovery import Entry, Recovery, What, begun_steps, facts_of, is_ended
from outlive.model.runbook import Runbook
from outlive.recovery import plan
from outlive.recovery.destination import ordered_with, ordering, where
from outlive.recovery.steps.registry import STEPS
from outlive.state.recovering import Recovering
from outlive.state.store import Store


@dataclass(frozen=True, slots=True)
class Call:
    """What the command works with."""

    settings: Settings
    clock: Clock
    store: Store
    journal: Recovering
    output: Output
    yes: bool
    rehearse: bool = False


@app.command()
def recover(
    host: Annotated[str, typer.Argument(metavar="[HOST]", help="Which host; the only one if none is named.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="ssh://root@HOST", help="The new machine, its key pinned.")] = "",
    runbook: Annotated[str, typer.Option(help="A shipped runbook, or a file of your own.")] = "",
    asset: Annotated[str, typer.Option(help="Bring back this asset only, on the host itself.")] = "",
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="As it was then; else the last durable second.")] = "",
    copy: Annotated[list[str] | None, typer.Option(help="Of its asset use this copy (repeatable).")] = None,
    accept_loss: Annotated[str, typer.Option(metavar="WHY", help="Give up in writing what the gate protects.")] = "",
    approve: Annotated[list[str] | None, typer.Option(metavar="STEP", help="Approve a step that asks for it.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was killed or has failed.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what the last run left, last step first.")] = False,
    named: Annotated[
        str,
        typer.Option(metavar="ID,ADDRESS,HOSTNAME", help="With --undo: give back the machine that the run ordered."),
    ] = "",
    rehearse: Annotated[bool, typer.Option("--rehearse", help="All of it on a scratch machine; users stay.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and begin nothing.")] = False,
    print_it: Annotated[
        bool, typer.Option("--print", help="Print the shipped --runbook, to make yours of it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    identity: IdentityOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Bring a host back on another machine, step by step, nothing destroyed. Exit 4: the gate is shut."""
    if print_it:
        say(wiring_recovery.shipped(runbook or "lost-host").rstrip("\n"))
        return 0
    settings, clock, output = load(config), SystemClock(), Output(as_json)
    if resume and undo:
        raise UsageError("--resume and --undo exclude each other.")
    if named and not undo:
        raise UsageError("--named wants --undo.", hint="It names the machine that the run ordered, to be given back.")
    store = wiring_state.store(settings)
    try:
        call = Call(settings, clock, store, Recovering(store), output, yes, rehearse)
        with wiring_recovery.alone(settings, rehearsal=rehearse):
            if undo:
                return _undo(call, named, accept_loss)
            if resume:
                return _resume(call, accept_loss, approve or [])
            wish = Wish(host, to, runbook, asset, at, tuple(copy or ()), accept_loss, rehearse, identity)
            return _begin(call, wish, approve or [], dry_run)
    finally:
        store.close()


def _begin(call: Call, wish: Wish, approve: Sequence[str], dry_run: bool) -> int:
    unended = next((one for one in _own(call) if not is_ended(call.journal.entries(one.id))), None)
    if unended is not None and not dry_run:
        hint = f"`outlive recover{' --rehearse' * call.rehearse} --resume` goes on with it, `--undo` takes it back."
        raise UsageError(f"the recovery {unended.id} has not ended.", hint=hint)
    recovery = begun(call.settings, call.clock, wish)
    with wiring_recovery.planning(call.settings, call.clock, call.store, recovery) as world:
        lines = plan.lines(recovery, world, STEPS)
    show_plan(recovery, lines, call.output, call.clock.now())
    if dry_run:
        call.output.document(planned(recovery, lines))
        return 0
    _ask(call, "Shall it begin?")
    call.journal.begin(recovery)
    call.journal.write(recovery.id, call.clock.now(), "", What.BEGUN, person(), recovery.title)
    _words(call, recovery, wish.accept_loss, approve)
    return _carry(call, recovery, recovery.id, plan.forward(recovery), "done")


def _resume(call: Call, accept_loss: str, approve: Sequence[str]) -> int:
    recovery = _last(call, lambda one: not is_ended(call.journal.entries(one.id)), "There is nothing to go on with.")
    call.journal.write(recovery.id, call.clock.now(), "", What.RESUMED, person())
    _words(call, recovery, accept_loss, approve)
    return _carry(call, recovery, recovery.id, plan.forward(recovery), "done")


def _undo(call: Call, named: str, accept_loss: str) -> int:
    recovery = _last(
        call, lambda one: bool(begun_steps(call.journal.entries(one.id))), "There is nothing to take back."
    )
    entries = call.journal.entries(recovery.id)
    steps = begun_steps(entries)
    call.output.console.print(f"{recovery.id} on {where(recovery, entries)}: taken back, in this order:")
    for name in reversed(steps):
        call.output.console.print(f"  {name}")
    if order := ordering(recovery) if ordering(recovery) in steps else "":
        call.output.console.print(f"  {_what_becomes_of_it(recovery, entries, named)}")
    _ask(call, "Shall it be taken back? Data that was put there is kept aside on that machine.")
    if named and not order:
        raise UsageError("this run has ordered no machine, so none is given back.", hint="Leave --named out.")
    _named(call, recovery, order, named, accept_loss)
    return _carry(call, recovery, f"{recovery.id}:undo", plan.backward(recovery, steps), "undone")


def _what_becomes_of_it(recovery: Recovery, entries: Sequence[Entry], named: str) -> str:
    made = facts_of(entries).get(ordering(recovery), {})
    names = ",".join(str(made.get(key, "?")) for key in ("server_id", "made_address", "hostname"))
    if recovery.rehearsal or named:
        return f"The machine that was ordered ({names}) is deleted, with its disk."
    off = "switched off and kept" if "provider" in ordered_with(recovery) else "kept, and stays on"
    return f"The machine that was ordered is {off}; --named {names} would give it back."


def _named(call: Call, recovery: Recovery, order: str, named: str, accept_loss: str) -> None:
    """What a person says of the machine that is given back, into the journal, at the step that ordered it."""
    now = call.clock.now()
    if named:
        found = target(named)
        facts = {"named": [found.id, found.address, found.hostname]}
        call.journal.write(recovery.id, now, order, What.APPROVED, person(), f"to be given back: {found}", facts)
        _note(call, recovery, f"{person()} wants {found} to be given back")
    if accept_loss and order:
        call.journal.write(recovery.id, now, order, What.WAIVED, person(), accept_loss)
        _note(call, recovery, f"{person()} gives up what is on it: {accept_loss}")


def _carry(call: Call, recovery: Recovery, run: str, runbook: Runbook, end: str) -> int:
    _note(call, recovery, f"recovery {recovery.id} ({recovery.title}) goes on, towards: {end}")
    made = wiring_recovery.engine(
        call.settings, call.clock, call.store, person(), undoing=end == "undone", rehearsal=call.rehearse
    )
    stopped = carry(made, run, runbook, call.journal, recovery, call.output)
    if stopped is None:
        call.journal.write(recovery.id, call.clock.now(), "", What.ENDED, person(), end)
    entries = call.journal.entries(recovery.id)
    report = wiring_recovery.write_report(call.settings, recovery, entries)
    _note(call, recovery, f"recovery {recovery.id}: {stopped or end}")
    tell_end(recovery, entries, report, call.output, end)
    if stopped is not None:
        raise stopped
    call.output.document(document(recovery, entries, end, report))
    return 0


def _last(call: Call, wanted: Callable[[Recovery], bool], otherwise: str) -> Recovery:
    if found := [one for one in _own(call) if wanted(one)]:
        return found[-1]
    others = [one for one in call.journal.recoveries() if one.rehearsal is not call.rehearse and wanted(one)]
    if others:
        hint = f"{others[-1].id} is a {'recovery: leave out' if call.rehearse else 'rehearsal: add'} --rehearse."
        raise UsageError(otherwise, hint=hint)
    raise UsageError(otherwise, hint="`outlive recover --help` tells how one is begun.")


def _own(call: Call) -> list[Recovery]:
    """Recoveries, or, with --rehearse, rehearsals: neither is taken for the other."""
    return [one for one in call.journal.recoveries() if one.rehearsal is call.rehearse]


def _words(call: Call, recovery: Recovery, accept_loss: str, approve: Sequence[str]) -> None:
    """What a person says in writing, with the name and the time, into the journal and the incident."""
    names = {one["name"] for one in recovery.steps}
    if unknown := set(approve) - names:
        raise UsageError(f"there is no step {min(unknown)!r}.", hint=f"There are: {', '.join(sorted(names))}.")
    now = call.clock.now()
    if accept_loss:
        call.journal.write(recovery.id, now, "", What.WAIVED, person(), accept_loss)
        _note(call, recovery, f"{person()} accepts the loss: {accept_loss}")
    for step in approve:
        call.journal.write(recovery.id, now, step, What.APPROVED, person(), "approved")
        _note(call, recovery, f"{person()} approves {step!r}")


def _note(call: Call, recovery: Recovery, text: str) -> None:
    note(call.store, recovery.host, text, call.clock.now())


def _ask(call: Call, question: str) -> None:
    if call.yes:
        return
    insist(question, nothing="nothing was begun", read="plan", declined="Nothing was changed.")
