"""What an engine is to us, and what a run sees of it. Narrow on purpose: research/engine.md tells why and what was
measured. Everything that crosses it is JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from outlive.model.runbook import Runbook, Step

Act = Callable[[dict[str, Any], float], dict[str, Any]]
"""`act(args, timeout_seconds)` looks whether it is done already, does it, and returns JSON. It may run twice: a kill between
its effect and its record repeats it."""

Acts = Mapping[str, Act]


class Interrupted(BaseException):
    """Raised by an act that is cut off because the keeper stops. Nothing is recorded of the step: at the next launch it
    looks and begins again. No `Exception`, so that nothing takes it for a failure on its way out. Raised by an act itself,
    with the reason, when nothing can be remembered of it: it must not go on unrecorded."""


class RunStatus(StrEnum):
    """Where a run is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the engine remembers it. `error` is what its last step said when it failed."""

    id: str
    name: str
    status: RunStatus
    started_at: datetime
    updated_at: datetime
    result: dict[str, Any] | None = None
    error: str = ""


class Context(Protocol):
    """What the interpreter may ask of the engine inside a run."""

    def step(self, step: Step) -> dict[str, Any]:
        """Does the step unless this run has its result already; raises when it failed for good."""


class Engine(Protocol):
    """Durable runs. One engine process a database: whoever launches one holds the lock of the state."""

    def launch(self) -> None:
        """Goes on with every run that a kill interrupted. Call once, holding the lock of the state. Raises
        `EngineUnreachable`."""

    def drain(self, seconds: float, hurry: Callable[[], bool] = lambda: False) -> bool:
        """From now on no step and no further attempt is begun. Waits for the steps that run, at most that long and only
        until `hurry()`; whether all have ended."""

    def close(self) -> None:
        """Lets the database go. What has not ended goes on at the next launch."""

    def start(self, run_id: str, runbook: Runbook) -> None:
        """Begins the run; nothing happens when a run of that id was ever begun. Raises `EngineUnreachable`."""

    def cancel(self, run_id: str) -> None:
        """No further step is begun."""

    def status(self, run_id: str) -> Run | None:
        """The run, or None when it was never begun (or is pruned)."""

    def running(self) -> list[Run]:
        """Every run that has not ended."""

    def list(self, *, limit: int = 100) -> list[Run]:
        """Newest first."""

    def cut_off(self, run_id: str) -> str | None:
        """None while this process carries the run. Else why it does so no more (a full disk); "" where that is not known: it
        may be on its way in, or have ended. What was cut off goes on at the next launch, or when it is adopted."""

    def adopt_orphans(self) -> int:
        """Goes on with runs that have not ended and that nothing in this process carries (a full disk throws them out);
        how many. A run counts as one when two calls in a row have found it so."""

    def prune(self, before: datetime) -> int:
        """Forgets ended runs that were last touched before then; how many."""
