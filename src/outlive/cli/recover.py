"""`outlive recover`: the guarded runbook. Shows the plan, asks, runs, and goes on where it was killed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from outlive import wiring, wiring_recovery, wiring_state
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.looking import person
from outlive.cli.recover_begin import Wish, begun
from outlive.cli.recover_run import Call, ask, carried, last, own, say_so
from outlive.cli.recover_undo import take_back
from outlive.cli.recover_words import planned, show_plan
from outlive.cli.verify import IdentityOption
from outlive.cli.voice import say
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError
from outlive.model.recovery import What, is_ended
from outlive.recovery import plan
from outlive.recovery.steps.registry import STEPS
from outlive.recovery.under_way import insist_on_own
from outlive.state.recovering import Recovering


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
    give_up: Annotated[
        str, typer.Option(metavar="WHY", help="With --undo: leave what cannot be taken back, and end the run.")
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
    if give_up and not undo:
        raise UsageError("--give-up wants --undo.", hint="It says why what cannot be taken back is left as it is.")
    store = wiring_state.store(settings)
    try:
        call = Call(settings, clock, store, Recovering(store), output, yes, rehearse)
        if rehearse and not dry_run:
            insist_on_own(wiring.recovery_room(settings), os.getppid())
        with wiring_recovery.alone(settings, rehearsal=rehearse):
            if undo:
                return take_back(call, named, accept_loss, give_up)
            if resume:
                return _resume(call, accept_loss, approve or [])
            wish = Wish(host, to, runbook, asset, at, tuple(copy or ()), accept_loss, rehearse, identity)
            return _begin(call, wish, approve or [], dry_run)
    finally:
        store.close()


def _begin(call: Call, wish: Wish, approve: Sequence[str], dry_run: bool) -> int:
    unended = next((one for one in own(call) if not is_ended(call.journal.entries(one.id))), None)
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
    ask(call, "Shall it begin?")
    call.journal.begin(recovery)
    call.journal.write(recovery.id, call.clock.now(), "", What.BEGUN, person(), recovery.title)
    say_so(call, recovery, wish.accept_loss, approve)
    return carried(call, recovery, recovery.id, plan.forward(recovery), "done")


def _resume(call: Call, accept_loss: str, approve: Sequence[str]) -> int:
    recovery = last(call, lambda one: not is_ended(call.journal.entries(one.id)), "There is nothing to go on with.")
    call.journal.write(recovery.id, call.clock.now(), "", What.RESUMED, person())
    say_so(call, recovery, accept_loss, approve)
    return carried(call, recovery, recovery.id, plan.forward(recovery), "done")
