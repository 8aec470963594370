"""What DBOS carries for us: one workflow that interprets any runbook, and steps that try, pause and can be cut off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from outlive.engine.interpreter import interpret
from outlive.engine.port import Acts, Interrupted
from outlive.engine.serializer import StepFailed
from outlive.errors import OutliveError, Refused
from outlive.model.runbook import Step

RECOVERY_ATTEMPTS = 10_000  # the default of 100 gives up every run within minutes of a crash loop


class Carrier:
    """What this process does for its runs: the acts it knows, the runs it carries, and whether it is to stop. DBOS calls
    plain functions, so there is one for the process."""

    of_process: ClassVar[Carrier]

    def __init__(self) -> None:
        self._acts: Acts = {}
        self._runs: set[str] = set()
        self._cut_off: dict[str, str] = {}
        self.stopping = threading.Event()

    def begin(self, acts: Acts) -> None:
        """For a new engine of this process."""
        self._acts = acts
        self.stopping.clear()

    def carried(self) -> set[str]:
        """The ids of the runs that a thread of this process is in."""
        return set(self._runs)

    def cut_off(self, run_id: str) -> str:
        """Why the run was left where it stands; "" when it was not, as far as is known."""
        return self._cut_off.get(run_id, "")

    @contextmanager
    def carrying(self, run_id: str) -> Iterator[None]:
        self._runs.add(run_id)
        self._cut_off.pop(run_id, None)
        try:
            yield
        except Interrupted as cut:
            self._cut_off[run_id] = str(cut)
            raise
        except SQLAlchemyError as error:  # of DBOS itself: what a step came to could not be recorded
            self._cut_off[run_id] = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise
        finally:
            self._runs.discard(run_id)

    def act(self, step: Step) -> dict[str, Any]:
        """Tries as often as the step says. Not DBOS's own retries: they end in an error that hides what was wrong, and
        their pauses cannot be cut short."""
        act = self._acts.get(step.act)
        if act is None:
            raise StepFailed(f"this version knows no act {step.act!r}")
        for attempt in range(1, step.attempts + 1):
            self._go_on_unless_stopping()
            try:
                return act(step.args, step.timeout_seconds)
            except (OutliveError, StepFailed) as error:
                if attempt == step.attempts or isinstance(error, Refused):  # a no stays a no
                    raise StepFailed(str(error)) from error
            self.stopping.wait(step.pause_seconds)
        raise StepFailed(f"step {step.name!r} allows no attempt")

    def _go_on_unless_stopping(self) -> None:
        if self.stopping.is_set():
            raise Interrupted


Carrier.of_process = Carrier()


class _Context:
    """Inside a run: a step's result is recorded under its own name; a recorded one is not done again."""

    def step(self, step: Step) -> dict[str, Any]:
        return DBOS.run_step({"name": step.name}, Carrier.of_process.act, step)


@DBOS.workflow(name="runbook", max_recovery_attempts=RECOVERY_ATTEMPTS)
def runbook_workflow(definition: dict[str, Any]) -> dict[str, Any]:
    """The only workflow there is: the definition travels in its input."""
    with Carrier.of_process.carrying(str(DBOS.workflow_id)):
        return interpret(definition, _Context())
