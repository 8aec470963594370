"""An engine that only remembers: a run goes on until the test ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from outlive.clock import Clock
from outlive.engine.port import Run, RunStatus
from outlive.model.runbook import Runbook


@dataclass
class MemoryEngine:
    """`begun` are the ids in the order in which they were really begun, `asked` all that were asked for."""

    clock: Clock
    runs: dict[str, Run] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def launch(self) -> None: ...

    def drain(self, seconds: float, hurry: Callable[[], bool] = lambda: False) -> bool:
        end = time.monotonic() + seconds
        while self.running() and time.monotonic() < end and not hurry():
            time.sleep(0.02)
        return not self.running()

    def close(self) -> None: ...

    def start(self, run_id: str, runbook: Runbook) -> None:
        self.asked.append(run_id)
        if run_id not in self.runs:
            now = self.clock.now()
            self.begun.append(run_id)
            self.runs[run_id] = Run(run_id, runbook.name, RunStatus.RUNNING, now, now)

    def end(self, run_id: str, status: RunStatus = RunStatus.DONE, error: str = "") -> None:
        self.runs[run_id] = replace(self.runs[run_id], status=status, error=error, updated_at=self.clock.now())

    def cancel(self, run_id: str) -> None:
        self.end(run_id, RunStatus.CANCELLED)

    def status(self, run_id: str) -> Run | None:
        return self.runs.get(run_id)

    def running(self) -> list[Run]:
        return [run for run in self.runs.values() if run.status is RunStatus.RUNNING]

    def list(self, *, limit: int = 100) -> list[Run]:
        return list(self.runs.values())[:limit]

    def cut_off(self, run_id: str) -> str | None:
        return None

    def adopt_orphans(self) -> int:
        return 0

    def prune(self, before: datetime) -> int:
        return 0
