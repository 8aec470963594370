"""The parts of a recovery, made and joined: its world, its journal, and an engine of its own beside the keeper's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from outlive import wiring
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import Failed, UsageError
from outlive.keeper.children import Children
from outlive.model.recovery import Entry, Recovery
from outlive.recovery import destination, under_way
from outlive.recovery.act import BACKWARD, FORWARD, Actor
from outlive.recovery.destination import Facts
from outlive.recovery.report import report
from outlive.recovery.runbook import Recipe, RunbookWrong, read
from outlive.recovery.steps.base import World
from outlive.recovery.steps.registry import STEPS
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from outlive.state.watching import Watching
from outlive.wiring_state import sqlite

if TYPE_CHECKING:
    from outlive.engine.dbos_engine import DbosEngine

ANSWERS = (0, 1, 3)  # a `check` that could not tell has said so, too
SHIPPED = (
    *("lost-host", "move-host", "move-postgres", "move-postgres-live", "restore-asset", "restore-schedules"),
    "rotate-secrets",
)
OF_ASSET = {"temporal": "restore-schedules"}  # one asset of this kind is brought back by this instead of restore-asset
TEMPLATES = ("lost-host-new-machine", "data-on-volume")  # what their users alone know stands in them as "?"


@contextmanager
def alone(settings: Settings, *, rehearsal: bool = False) -> Iterator[None]:
    """One recovery at a time, and beside it one rehearsal, which must keep nobody from recovering. Raises `UsageError` while
    another process carries one."""
    file = under_way.opened(wiring.recovery_room(settings), "lock-rehearsal" if rehearsal else "lock")
    try:
        if not under_way.taken(file):
            hint = "Watch it there, or end that process; then `outlive recover --resume`."
            what = "rehearsal" if rehearsal else "recovery"
            raise UsageError(f"another process carries a {what} here.", hint=hint)
        yield
    finally:
        os.close(file)


def shipped(named: str) -> str:
    """The text of a runbook of ours. Raises `UsageError`."""
    if named not in (*SHIPPED, *TEMPLATES):
        raise UsageError(f"no runbook {named!r} is shipped.", hint=f"There are: {', '.join((*SHIPPED, *TEMPLATES))}.")
    return (resources.files("outlive.recovery") / "runbooks" / f"{named}.toml").read_text("utf-8")


def recipe(named: str) -> Recipe:
    """A shipped runbook by its name, or one from a file. Raises `RunbookWrong`, `UsageError`."""
    if named in SHIPPED:
        return read(shipped(named), STEPS)
    if named in TEMPLATES:
        hint = (
            f"outlive recover --runbook {named} --print > mine.toml; fill in what is marked, then --runbook mine.toml"
        )
        raise UsageError(f"{named} wants to know what only you know first (provider, names, sizes).", hint=hint)
    try:
        return read(Path(named).read_text(encoding="utf-8"), STEPS)
    except RunbookWrong as error:
        raise RunbookWrong(f"{named}: {error.detail}") from error
    except (OSError, UnicodeDecodeError) as error:
        hint = f"Shipped are: {', '.join((*SHIPPED, *TEMPLATES))}; else name a file. docs/how-to/write-a-runbook.md"
        raise UsageError(f"there is no runbook {named!r}.", hint=hint) from error


def world(
    settings: Settings, clock: Clock, store: Store, recovery: Recovery, facts: Facts, children: Children
) -> World:
    """Of one run, as its steps have found it by now. Its host is as it was when the run began, whatever the configuration
    says by now."""
    host = settings.host(recovery.host)
    if host is None:
        raise UsageError(f"outlive.toml has no host {recovery.host!r} any more.")
    folder = wiring.recovery_room(settings) / recovery.id
    folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    old = replace(host, address=recovery.former or host.address, server_id=recovery.former_server or host.server_id)
    return World(
        clock=clock,
        settings=settings,
        vault=wiring.vault(settings, clock),
        identities=wiring.identities(settings, Path(recovery.identity) if recovery.identity else None),
        memory=Watching(store),
        host=old,
        new=destination.machine(recovery, old, facts),
        shell=lambda one: wiring.host_shell(settings, one),
        outlive=lambda argv, seconds: children.run(argv, seconds, ANSWERS),
        folder=folder,
        rehearsal=recovery.rehearsal,
    )


@contextmanager
def planning(settings: Settings, clock: Clock, store: Store, recovery: Recovery) -> Iterator[World]:
    """A world to plan in; what the plan alone has made is gone afterwards."""
    made = world(settings, clock, store, recovery, {}, Children(settings.path))
    try:
        yield made
    finally:
        with suppress(OSError):
            made.folder.rmdir()


def write_report(settings: Settings, recovery: Recovery, entries: Sequence[Entry]) -> Path:
    """Into the run's folder, anew at every end and stop."""
    file = wiring.recovery_room(settings) / recovery.id / "report.md"
    try:
        file.write_text(report(recovery, entries), encoding="utf-8")
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}.", hint="Make room below `keeper.state`.") from error
    return file


def engine(
    settings: Settings, clock: Clock, store: Store, by: str, *, undoing: bool, rehearsal: bool = False
) -> tuple[DbosEngine, Children]:
    """The engine of recoveries. Call it within `alone`; `launch` goes on with what a kill cut off, in the one direction
    alone: what was killed on its way forward must not go on while it is taken back."""
    from outlive.engine.dbos_engine import DbosEngine  # a third of a second, and a plan that is only shown needs none

    children = Children(settings.path)
    actor = Actor(Recovering(store), lambda one, facts: world(settings, clock, store, one, facts, children), STEPS, by)
    wanted = BACKWARD if undoing else FORWARD
    folder = "engine-rehearsal" if rehearsal else "engine"
    return DbosEngine(
        sqlite(wiring.recovery_room(settings) / folder / "runs.db"), {wanted: actor.acts()[wanted]}
    ), children
