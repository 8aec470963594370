"""`outlive rehearse`: a host comes back on its scratch machine and is taken down again. The keeper does it every month."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

import typer

from outlive import wiring, wiring_recovery, wiring_state
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.looking import person
from outlive.cli.words import duration
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.config.schema import RehearsalSettings, Settings
from outlive.errors import Failed, OutliveError, Refused, UsageError
from outlive.keeper.children import Children
from outlive.keeper.jobs import REHEARSAL_SECONDS
from outlive.model.recovery import Recovery, What, begun_steps, is_ended
from outlive.recovery import destination, rehearsal, runbook
from outlive.recovery.clearing import clear
from outlive.recovery.under_way import the_only_one
from outlive.state.recovering import Recovering
from outlive.transport import hostkey

RECOVER = ("recover", "--rehearse", "--yes")
MOST_LEFT = 5


@app.command()
def rehearse(
    host: Annotated[str, typer.Argument(metavar="[HOST]", help="Which host; the only one if none is named.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Bring a host back on the scratch machine that [[rehearsals]] names, measure it, and take it down again. Exit 5 when
    it did not come back, or something is left there."""
    settings, output = load(config), Output(as_json)
    wanted = _chosen(settings, host)
    _insist(settings, wanted)
    with the_only_one(wiring.recovery_room(settings)):
        return _all_of_it(settings, wanted, output)


def _all_of_it(settings: Settings, wanted: RehearsalSettings, output: Output) -> int:
    children = Children(settings.path)
    say = output.console.print
    try:
        _take_down(settings, wanted, children)
        _insist_on_peace(settings)
        say(f"{wanted.host}: rehearsing on {wanted.to or 'a machine that the runbook orders'} ...")
        before = _last(settings)
        done, failed = _rehearsed(wanted, children)
        why = _why(settings, before) if failed else ""
        say("taking it down again ...")
        _take_down(settings, wanted, children, failed)
    except KeyboardInterrupt:
        children.end_all()
        say("interrupted; what stands there is taken down by the next `outlive rehearse`.")
        raise
    if failed is not None:
        raise Failed(f"{wanted.host} did not come back in the rehearsal: {why or failed.detail}", hint=HINT) from failed
    say(f"{wanted.host}: the whole stack was back in {duration(done['seconds'] or 0.0)}. Report: {done['report']}")
    output.document(done)
    return 0


HINT = "That is what would happen on the bad day. The journal is on the page; mend the cause, then `outlive rehearse`."


def _rehearsed(wanted: RehearsalSettings, children: Children) -> tuple[dict[str, Any], OutliveError | None]:
    """What the command says that a person would type; or why it failed."""
    words = (*RECOVER, wanted.host, "--runbook", wanted.runbook, *(["--to", wanted.to] if wanted.to else []))
    try:
        return dict(children.run(words, REHEARSAL_SECONDS)["document"]), None
    except OutliveError as error:
        return {}, error


def _last(settings: Settings) -> str:
    with _journal(settings) as journal:
        return next((one.id for one in reversed(journal.recoveries()) if one.rehearsal), "")


def _why(settings: Settings, before: str) -> str:
    """What the step said at which it ended; "" when it had not even begun, and the command says why."""
    if (run := _last(settings)) == before:
        return ""
    with _journal(settings) as journal:
        entries = journal.entries(run)
    found = [f"{one.step!r} failed: {one.said}" for one in entries if one.what is What.FAILED]
    return found[-1] if found else ""


def _chosen(settings: Settings, host: str) -> RehearsalSettings:
    found = [one for one in settings.rehearsals if host in ("", one.host)]
    if len(found) != 1:
        known = ", ".join(one.host for one in settings.rehearsals) or "none: add a [[rehearsals]] table"
        raise UsageError("which host is to be rehearsed?", hint=f"In outlive.toml are: {known}.")
    return found[0]


def _insist(settings: Settings, wanted: RehearsalSettings) -> None:
    """Nothing that is guarded is touched, whatever name or address it is called by. Raises `Refused`."""
    recipe = wiring_recovery.recipe(wanted.runbook)
    own = [one for one in settings.assets if one.host == wanted.host]
    if unfit := rehearsal.unfit(runbook.expanded(recipe, own, rehearsal=True)):
        raise Refused(
            f"the runbook {recipe.name} would touch what is in use: {', '.join(unfit)}; nothing was begun.",
            hint="Write `rehearse = false` into these steps, or name another runbook.",
        )
    host = settings.host(wanted.host)
    assert host
    pins = settings.keeper.known_hosts
    scratch = (
        {one.fingerprint for one in hostkey.pinned(replace(host, address=wanted.to), pins)} if wanted.to else set()
    )
    for other in settings.hosts:
        if not other.is_local and scratch & {one.fingerprint for one in hostkey.pinned(other, pins)}:
            raise Refused(
                f"{wanted.to} has the host key of {other.name}, which is guarded; nothing was begun.",
                hint="Name a machine that nobody needs, with a host key of its own.",
            )


def _insist_on_peace(settings: Settings) -> None:
    """Nobody needs a second production while the first one is being recovered. Raises `Refused`."""
    with _journal(settings) as journal:
        runs = [(one, journal.entries(one.id)) for one in journal.recoveries()]
    if why := rehearsal.waits_for("", runs, ()):
        raise Refused(
            f"{why}; nothing was begun.", hint="`outlive recover --resume`, or `--undo`, ends it; then rehearse."
        )


def _take_down(
    settings: Settings, wanted: RehearsalSettings, children: Children, failed: OutliveError | None = None
) -> None:
    """Whatever rehearsals of the host have left, the last one first. Raises `Failed`: a second production must not stay
    unnoticed."""
    try:
        for _ in range(MOST_LEFT):
            if not _stands(settings):
                break
            children.run([*RECOVER, "--undo"], REHEARSAL_SECONDS)
        else:
            raise Failed(f"{MOST_LEFT} were taken down, and still something stands.")
        _clear(settings, wanted)
    except OutliveError as error:
        before = f"It had failed: {failed.detail} " if failed else ""
        hint = "It is a second production: look at it, then `outlive recover --rehearse --undo`."
        raise Failed(
            f"{before}What the rehearsal of {wanted.host} made is not taken down: {error.detail}", hint=hint
        ) from error


def _stands(settings: Settings) -> bool:
    """Whether any rehearsal may have left something. One that stands before its first step has not: it is ended here."""
    with wiring_recovery.alone(settings, rehearsal=True), _journal(settings) as journal:
        left = [(one, journal.entries(one.id)) for one in journal.recoveries() if one.rehearsal]
        for run, entries in left:
            if not begun_steps(entries) and not is_ended(entries):
                _end(settings, journal, run, "undone")
    return any(begun_steps(entries) for _, entries in left)


def _clear(settings: Settings, wanted: RehearsalSettings) -> None:
    """What was taken back there, and lies aside; noted in the journal, so that a kill in between loses nothing."""
    with _journal(settings) as journal:
        runs = [(one, journal.entries(one.id)) for one in journal.recoveries()]
        for run, entries in rehearsal.uncleared(runs, wanted.to) if wanted.to else ():
            host = settings.host(run.host)
            machine = destination.machine(run, host, {}) if host is not None else None
            if machine is not None:
                clear(wiring.host_shell(settings, machine), run, entries)
                _end(settings, journal, run, rehearsal.CLEARED)


def _end(settings: Settings, journal: Recovering, run: Recovery, said: str) -> None:
    journal.write(run.id, SystemClock().now(), "", What.ENDED, person(), said)
    if (wiring.recovery_room(settings) / run.id).is_dir():
        wiring_recovery.write_report(settings, run, journal.entries(run.id))


@contextmanager
def _journal(settings: Settings) -> Iterator[Recovering]:
    store = wiring_state.store(settings)
    try:
        yield Recovering(store)
    finally:
        store.close()
