"""The port on DBOS Transact (MIT, pinned exactly): SQLite in WAL mode here, Postgres for a fleet.

Facts behind each setting: research/engine.md 4 and 9. DBOS is one per process, so this is, too. Steps are at least once.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbos import DBOS, SetWorkflowID, WorkflowStatus
from sqlalchemy.engine import make_url

from outlive.engine.interpreter import interpret
from outlive.engine.port import Acts, Run, RunStatus
from outlive.engine.serializer import JsonSerializer, StepFailed
from outlive.errors import OutliveError
from outlive.model.runbook import Runbook, Step

VERSION = "runs-1"  # constant: DBOS leaves runs of another version pending for ever, without a word
RECOVERY_ATTEMPTS = 10_000  # the default of 100 gives up every run within minutes of a crash loop
EXECUTOR = "keeper"

_STATUS = {
    "PENDING": RunStatus.RUNNING,
    "ENQUEUED": RunStatus.RUNNING,
    "DELAYED": RunStatus.RUNNING,
    "SUCCESS": RunStatus.DONE,
    "ERROR": RunStatus.FAILED,
    "CANCELLED": RunStatus.CANCELLED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": RunStatus.STUCK,
}

_acts: Acts = {}


@DBOS.workflow(name="runbook", max_recovery_attempts=RECOVERY_ATTEMPTS)
def _runbook(definition: dict[str, Any]) -> dict[str, Any]:
    return interpret(definition, _Context())


class _Context:
    """Inside a run: a step's result is recorded under its own name; a recorded one is not done again."""

    def step(self, step: Step) -> dict[str, Any]:
        return DBOS.run_step({"name": step.name}, _act, step)


def _act(step: Step) -> dict[str, Any]:
    """Tries as often as the step says. Not DBOS's own retries: they end in an error that hides what was wrong."""
    act = _acts.get(step.act)
    if act is None:
        raise StepFailed(f"this version knows no act {step.act!r}")
    for attempt in range(1, step.attempts + 1):
        try:
            return act(step.args, step.timeout_seconds)
        except (OutliveError, StepFailed) as error:
            if attempt == step.attempts:
                raise StepFailed(str(error)) from error
            time.sleep(step.pause_seconds)
    raise StepFailed(f"step {step.name!r} allows no attempt")


class DbosEngine:
    """The engine of this process. `url` is `sqlite:////path/file` or a SQLAlchemy Postgres URL."""

    def __init__(self, url: str, acts: Acts) -> None:
        global _acts
        _acts = acts
        _prepare(url)
        logging.getLogger("dbos").setLevel(logging.CRITICAL)  # a failed run is told by its status, with its own words
        self._dbos = DBOS(
            config={
                "name": "outlive",
                "system_database_url": url,
                "application_version": VERSION,
                "executor_id": EXECUTOR,
                "serializer": JsonSerializer(),
                "enable_otlp": False,
                "log_level": "CRITICAL",
                "max_executor_threads": 16,
            }
        )

    def launch(self) -> None:
        """Goes on with every run that a kill interrupted. Call once, holding the lock of the state."""
        DBOS.launch()

    def close(self, *, drain_seconds: int = 0) -> None:
        """Waits for running steps to end, at most that long; what has not ended goes on at the next launch."""
        DBOS.destroy(workflow_completion_timeout_sec=drain_seconds)

    def start(self, run_id: str, runbook: Runbook) -> None:
        with SetWorkflowID(run_id):
            DBOS.start_workflow(_runbook, runbook.to_json())

    def cancel(self, run_id: str) -> None:
        DBOS.cancel_workflow(run_id)

    def status(self, run_id: str) -> Run | None:
        found = DBOS.list_workflows(workflow_ids=[run_id])
        return _run(found[0]) if found else None

    def list(self, *, limit: int = 100) -> list[Run]:
        return [_run(found) for found in DBOS.list_workflows(limit=limit, sort_desc=True)]

    def prune(self, before: datetime) -> int:
        ended = [name for name, status in _STATUS.items() if status is not RunStatus.RUNNING]
        moment = before.astimezone(UTC).isoformat()
        count = 0
        while found := DBOS.list_workflows(status=ended, completed_before=moment, limit=500, load_input=False):
            DBOS.delete_workflows([one.workflow_id for one in found])
            count += len(found)
        return count


def _prepare(url: str) -> None:
    """DBOS sets no journal mode; WAL persists in the file once it is set, and is what it was measured with."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with sqlite3.connect(parsed.database) as connection:
            connection.execute("PRAGMA journal_mode=WAL")


def _run(found: WorkflowStatus) -> Run:
    arguments = found.input["args"] if found.input else ()
    return Run(
        id=found.workflow_id,
        name=str(arguments[0].get("name", "")) if arguments else "",
        status=_STATUS.get(str(found.status), RunStatus.STUCK),
        started_at=_moment(found.created_at),
        updated_at=_moment(found.updated_at),
        result=found.output,
        error=str(found.error) if found.error else "",
    )


def _moment(milliseconds: int | None) -> datetime:
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC)
