"""What every turn of `outlive recover` works with: which runs there are, what people say, and a run carried to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from outlive import wiring_recovery
from outlive.cli.app import Output
from outlive.cli.asking import insist
from outlive.cli.incident_note import note
from outlive.cli.looking import person
from outlive.cli.recover_follow import carry
from outlive.cli.recover_words import document, tell_end
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import OutliveError, UsageError
from outlive.model.recovery import Entry, Recovery, What
from outlive.model.runbook import Runbook
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


def carried(call: Call, recovery: Recovery, run: str, runbook: Runbook, end: str) -> int:
    noted(call, recovery, f"recovery {recovery.id} ({recovery.title}) goes on, towards: {end}")
    made = wiring_recovery.engine(
        call.settings, call.clock, call.store, person(), undoing=end == "undone", rehearsal=call.rehearse
    )
    stopped = carry(made, run, runbook, call.journal, recovery, call.output)
    if stopped is not None:
        with suppress(OutliveError):  # where nothing can be written any more, why it stopped is what is told
            _told(call, recovery, str(stopped), end)
        raise stopped
    call.journal.write(recovery.id, call.clock.now(), "", What.ENDED, person(), end)
    entries, report = _told(call, recovery, end, end)
    call.output.document(document(recovery, entries, end, report))
    return 0


def _told(call: Call, recovery: Recovery, said: str, end: str) -> tuple[list[Entry], Path]:
    entries = call.journal.entries(recovery.id)
    report = wiring_recovery.write_report(call.settings, recovery, entries)
    noted(call, recovery, f"recovery {recovery.id}: {said}")
    tell_end(recovery, entries, report, call.output, end)
    return entries, report


def last(call: Call, wanted: Callable[[Recovery], bool], otherwise: str) -> Recovery:
    if found := [one for one in own(call) if wanted(one)]:
        return found[-1]
    others = [one for one in call.journal.recoveries() if one.rehearsal is not call.rehearse and wanted(one)]
    if others:
        hint = f"{others[-1].id} is a {'recovery: leave out' if call.rehearse else 'rehearsal: add'} --rehearse."
        raise UsageError(otherwise, hint=hint)
    raise UsageError(otherwise, hint="`outlive recover --help` tells how one is begun.")


def own(call: Call) -> list[Recovery]:
    """Recoveries, or, with --rehearse, rehearsals: neither is taken for the other."""
    return [one for one in call.journal.recoveries() if one.rehearsal is call.rehearse]


def say_so(call: Call, recovery: Recovery, accept_loss: str, approve: Sequence[str]) -> None:
    """What a person says in writing, with the name and the time, into the journal and the incident."""
    names = {one["name"] for one in recovery.steps}
    if unknown := set(approve) - names:
        raise UsageError(f"there is no step {min(unknown)!r}.", hint=f"There are: {', '.join(sorted(names))}.")
    now = call.clock.now()
    if accept_loss:
        call.journal.write(recovery.id, now, "", What.WAIVED, person(), accept_loss)
        noted(call, recovery, f"{person()} accepts the loss: {accept_loss}")
    for step in approve:
        call.journal.write(recovery.id, now, step, What.APPROVED, person(), "approved")
        noted(call, recovery, f"{person()} approves {step!r}")


def noted(call: Call, recovery: Recovery, text: str) -> None:
    note(call.store, recovery.host, text, call.clock.now())


def ask(call: Call, question: str) -> None:
    if call.yes:
        return
    insist(question, nothing="nothing was begun", read="plan", declined="Nothing was changed.")
