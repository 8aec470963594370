"""A move carried step by step as a run carries it, its journal on disk, in a process that may be killed before any statement
that it says to either server."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import psycopg

from outlive.clock import SystemClock
from outlive.recovery.act import Failed
from outlive.recovery.runbook import Entry, expanded, read
from outlive.recovery.steps.base import Done, Inputs, NotYet, World
from outlive.recovery.steps.registry import STEPS
from outlive.transport.local import LocalShell
from tests.recovery.steps import carrying

COMPOSE = ("evidence", "machine", "stack", "stop", "redeploy", "page")  # what wants a host with a compose project
STACK = {"project": "shop", "files": ["compose.yml"], "services": []}


@dataclass(frozen=True)
class Move:
    """`folder` holds the DSNs, each in a file, the stack's `.env`, and the run's notes and journal."""

    folder: Path
    runbook: str

    def world(self) -> World:
        made = carrying.world(self.folder)
        return replace(made, clock=SystemClock(), shell=lambda host: LocalShell())

    def entries(self) -> list[Entry]:
        text = (resources.files("outlive.recovery") / "runbooks" / f"{self.runbook}.toml").read_text("utf-8")
        for name in ("TARGET", "SOURCE"):
            text = text.replace(f'env = "OUTLIVE_{name}_DSN"', f'file = "{name.lower()}"')
        recipe = read(text, STEPS)
        return [one for one in expanded(recipe, self.world().settings.assets) if one.kind not in COMPOSE]

    def inputs(self, entry: Entry) -> Inputs:
        args = {**entry.args, "env_file": str(self.folder / ".env")}
        return Inputs("run-1", entry.name, args, {"stack": STACK, **self.facts()})

    def facts(self) -> dict[str, Any]:
        journal = self.folder / "facts.json"
        found: dict[str, Any] = json.loads(journal.read_text()) if journal.exists() else {}
        return found

    def step(self, kind: str) -> Any:
        """What its look says now."""
        entry = next(one for one in self.entries() if one.kind == kind)
        return STEPS[kind].look(self.world(), self.inputs(entry))

    def carry(self, meanwhile: Callable[[str], None] = lambda kind: None) -> None:
        """To its end; what is done is not done again. `meanwhile` is called before each step that is not done."""
        here = self.world()
        for entry in self.entries():
            if entry.name in self.facts():
                continue
            meanwhile(entry.kind)
            step, inputs = STEPS[entry.kind], self.inputs(entry)
            seen = step.look(here, inputs)
            if isinstance(seen, NotYet):
                made = step.do(here, inputs, 60.0)
                seen = Done(facts=made) if made else step.look(here, inputs)
            if not isinstance(seen, Done):
                raise Failed(f"{entry.name}: {seen.why}")
            journal = self.folder / "facts.json"
            journal.write_text(json.dumps({**self.facts(), entry.name: dict(seen.facts)}))

    def take_back(self) -> None:
        done = self.facts()
        for entry in reversed(self.entries()):
            if entry.name in done:
                STEPS[entry.kind].undo(self.world(), self.inputs(entry))
        (self.folder / "facts.json").unlink()


@contextmanager
def counted(die_before: int = 0) -> Iterator[list[int]]:
    """How many statements and commands are said; the process is killed before the one of that number."""
    said, execute, run = [0], psycopg.Connection.execute, LocalShell.run

    def told(of: Any) -> Any:
        def counting(self: Any, *words: Any, **more: Any) -> Any:
            said[0] += 1
            if said[0] == die_before:
                os.kill(os.getpid(), signal.SIGKILL)
            return of(self, *words, **more)

        return counting

    psycopg.Connection.execute = told(execute)  # type: ignore[method-assign]
    LocalShell.run = told(run)  # type: ignore[method-assign]
    try:
        yield said
    finally:
        psycopg.Connection.execute = execute  # type: ignore[method-assign]
        LocalShell.run = run  # type: ignore[method-assign]


def _child(folder: str, runbook: str, die_before: int) -> None:
    with counted(die_before):
        Move(Path(folder), runbook).carry()


def killed_on_the_way(move: Move, first: int, more: int) -> int:
    """Killed before the statement `first`, begun again, killed `more` statements later than that, and so on, until it comes
    to its end. Returns how often it was killed."""
    for kills in range(100):
        process = carrying.apart(_child, str(move.folder), move.runbook, first + kills * more)
        process.start()
        process.join(120)
        if process.exitcode == 0:
            return kills
        assert process.exitcode == -signal.SIGKILL, process.exitcode
    raise AssertionError("it never came to its end")
