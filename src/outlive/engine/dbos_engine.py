"""The port on DBOS Transact (MIT, pinned exactly): SQLite in WAL mode here, Postgres for a fleet.

Facts behind each setting: research/engine.md 4 and 9. DBOS is one per process, so this is, too. Steps are at least once.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dbos import DBOS, SetWorkflowID, WorkflowStatus
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from outlive.engine.dbos_runs import Carrier, runbook_workflow
from outlive.engine.port import Acts, Run, RunStatus
from outlive.engine.serializer import JsonSerializer
from outlive.errors import NoData
from outlive.model.runbook import Runbook

VERSION = "runs-1"  # constant: DBOS leaves runs of another version pending for ever, without a word
EXECUTOR = "keeper"  # constant: at launch DBOS goes on with the runs of its own executor only
POLL_SECONDS = 0.1
FULL = "disk is full"  # SQLite's own words (SQLITE_FULL)

_STATUS = {
    "PENDING": RunStatus.RUNNING,
    "ENQUEUED": RunStatus.RUNNING,
    "DELAYED": RunStatus.RUNNING,
    "SUCCESS": RunStatus.DONE,
    "ERROR": RunStatus.FAILED,
    "CANCELLED": RunStatus.CANCELLED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": RunStatus.STUCK,
}
_UNENDED = [name for name, status in _STATUS.items() if status is RunStatus.RUNNING]
_ENDED = [name for name, status in _STATUS.items() if status is not RunStatus.RUNNING]


class EngineUnreachable(NoData):
    """The database of the keeper's runs could not be reached or written."""

    hint = "Check the disk or database that holds it. Copies and proofs are in the vault and are not touched."


class EngineFull(EngineUnreachable):
    """The keeper's runs could not be written down, so nothing was begun."""

    exit_code = 5
    hint = "Make room on its disk (`df`), then try again. Copies and proofs are in the vault and are not touched."


class DbosEngine:
    """The engine of this process. `url` is `sqlite:////path/file` or a SQLAlchemy Postgres URL."""

    def __init__(self, url: str, acts: Acts) -> None:
        _prepare(url)
        logging.getLogger("dbos").setLevel(logging.CRITICAL)  # a failed run is told by its status, with its own words
        self._carrier = Carrier.of_process
        self._carrier.begin(acts)
        self._suspects: set[str] = set()
        self._dbos = DBOS(
            config={
                "name": "outlive",
                "system_database_url": url,
                "application_version": VERSION,
                "executor_id": EXECUTOR,
                "serializer": JsonSerializer(),
                "enable_otlp": False,
                "log_level": "CRITICAL",
            }
        )

    def launch(self) -> None:
        with _translated():
            DBOS.launch()

    def drain(self, seconds: float, hurry: Callable[[], bool] = lambda: False) -> bool:
        self._carrier.stopping.set()
        end = time.monotonic() + seconds
        while self._carrier.carried() and time.monotonic() < end and not hurry():
            time.sleep(POLL_SECONDS)
        return not self._carrier.carried()

    def close(self) -> None:
        self._carrier.stopping.set()
        DBOS.destroy()

    def start(self, run_id: str, runbook: Runbook) -> None:
        with _translated(), SetWorkflowID(run_id):
            DBOS.start_workflow(runbook_workflow, runbook.to_json())

    def cancel(self, run_id: str) -> None:
        with _translated():
            DBOS.cancel_workflow(run_id)

    def status(self, run_id: str) -> Run | None:
        with _translated():
            found = DBOS.list_workflows(workflow_ids=[run_id])
        return _run(found[0]) if found else None

    def running(self) -> list[Run]:
        with _translated():
            return [_run(found) for found in DBOS.list_workflows(status=_UNENDED)]

    def list(self, *, limit: int = 100) -> list[Run]:
        with _translated():
            return [_run(found) for found in DBOS.list_workflows(limit=limit, sort_desc=True)]

    def cut_off(self, run_id: str) -> str | None:
        return None if run_id in self._carrier.carried() else self._carrier.cut_off(run_id)

    def adopt_orphans(self) -> int:
        """Two calls in a row, because between its row and its thread a healthy run looks like one, too."""
        with _translated():
            pending = DBOS.list_workflows(status="PENDING", executor_id=EXECUTOR, load_input=False)
            orphans = {found.workflow_id for found in pending} - self._carrier.carried()
            again = sorted(orphans & self._suspects)
            self._suspects = orphans - set(again)
            if again:
                DBOS.resume_workflows(again)
        return len(again)

    def prune(self, before: datetime) -> int:
        moment = before.astimezone(UTC).isoformat()
        count = 0
        with _translated():
            while found := DBOS.list_workflows(status=_ENDED, completed_before=moment, limit=500, load_input=False):
                DBOS.delete_workflows([one.workflow_id for one in found])
                count += len(found)
        return count


@contextmanager
def _translated() -> Iterator[None]:
    """The one place where the database's errors become ours."""
    try:
        yield
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise (EngineFull if FULL in said else EngineUnreachable)(said) from error


def _prepare(url: str) -> None:
    """DBOS sets no journal mode; WAL persists in the file once it is set, and is what it was measured with."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return
    try:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(parsed.database, timeout=30)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as error:
        raise EngineUnreachable(f"{parsed.database}: {error}") from error


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
