"""Starts runs that are due, follows them to their end, and remembers both."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from outlive.config.schema import Settings
from outlive.engine.port import Engine, Run, RunStatus
from outlive.errors import OutliveError
from outlive.keeper import jobs as wanted
from outlive.keeper.outcomes import red, shortcomings
from outlive.keeper.rehearsing import waits
from outlive.keeper.schedule import Busy, Job, Start, admit, due, first_due, job_of, mended, sooner
from outlive.model.schedule import Due, Outcome
from outlive.state.store import Store


class Runner:
    """The schedule at work. The loop calls it from its own thread, streams call `bring_forward` and `log_is_kept` from
    theirs; a lock keeps a due time that one has set from being overwritten by the other."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        engine: Engine,
        say: Callable[[str], None],
        last_copy: Callable[[str], datetime | None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._engine = engine
        self._say = say
        self._last_copy = last_copy
        self._lock = threading.Lock()
        self._followed: set[str] | None = None
        self._waiting_for_log: set[str] = set()
        self._waits: dict[str, str] = {}

    def start_due(self, now: datetime) -> None:
        """Begins what is due and may begin."""
        jobs = wanted.jobs(self._settings, now)
        with self._lock:
            known = self._known(jobs, now)
            starts = [one for one in due(jobs, known, now) if not self._has_to_wait(one)]
            if not starts:
                return
            assets = {job.name: job.asset for job in jobs}
            busy = [Busy(job_of(run.id), _asset(run, assets), run.started_at) for run in self._running()]
            for start in admit(starts, busy, now):
                self._engine.start(start.run_id, start.job.runbook)
                self._store.set_due(start.after)
                self._follow(start.run_id)
                self._say(f"started {start.job.runbook.name} ({start.run_id})")

    def follow(self, now: datetime) -> None:
        """Tells how runs have ended, and has a failed one done again sooner than planned."""
        if self._followed is None:
            self._followed = self._unfinished()
        for run_id in sorted(self._followed):
            run = self._engine.status(run_id)
            if run is None or run.status is not RunStatus.RUNNING:
                self._followed.discard(run_id)
                if run is not None:
                    self._ended(run, now)

    def bring_forward(self, job: str, now: datetime) -> None:
        """The job is due now, whatever its rhythm."""
        with self._lock:
            known = self._store.dues().get(job, Due(job, now))
            self._store.set_due(replace(known, next_due=min(known.next_due, now)))

    def log_is_kept(self, asset: str, now: datetime) -> None:
        """The asset's log is kept from now on: a first base copy need not wait any longer."""
        if asset in self._waiting_for_log:
            self._waiting_for_log.discard(asset)
            self.bring_forward(f"{wanted.BACKUP}:{asset}", now)

    def _has_to_wait(self, start: Start) -> bool:
        """It stays due, and is told once for every reason."""
        why, before = waits(start.job, self._store), self._waits.get(start.job.name, "")
        self._waits[start.job.name] = why
        if why and why != before:
            self._say(f"{start.job.runbook.name} is due, and waits: {why}")
        return bool(why)

    def _known(self, jobs: list[Job], now: datetime) -> dict[str, Due]:
        """What is remembered, brought up to date with the configuration and the clock."""
        known = self._store.dues()
        for job in jobs:
            kept = known.get(job.name)
            fresh = mended(job, kept, now) if kept else self._first(job, now)
            if fresh != kept:
                known[job.name] = fresh
                self._store.set_due(fresh)
        names = {job.name for job in jobs}
        if set(known) - names:
            self._store.drop_dues(names)
        return known

    def _first(self, job: Job, now: datetime) -> Due:
        """For backups the vault is asked: a keeper that lost its memory must not copy everything again at once."""
        last = None
        if job.asset is not None and job.name.startswith(f"{wanted.BACKUP}:"):
            try:
                last = self._last_copy(job.asset)
            except OutliveError as error:
                self._say(f"{job.asset}: its copies cannot be listed, so one is taken now: {error}")
            if last is None and job.first_after_seconds:
                self._waiting_for_log.add(job.asset)
        return first_due(job, now, last)

    def _unfinished(self) -> set[str]:
        """Runs that a kill cut off, and those that ended while nobody looked."""
        running = {run.id for run in self._running()}
        for run_id in sorted(running):
            self._say(f"going on with {run_id}")
        told = {outcome.run for outcome in self._store.outcomes().values()}
        return running | {one.last_run for one in self._store.dues().values() if one.last_run} - told

    def _running(self) -> list[Run]:
        """Messages on their way are not ours: they take no job's place."""
        return [run for run in self._engine.running() if not wanted.is_alert(run.id)]

    def _follow(self, run_id: str) -> None:
        self._followed = (self._followed or set()) | {run_id}

    def _ended(self, run: Run, now: datetime) -> None:
        job, done = job_of(run.id), run.status is RunStatus.DONE
        said = run.error or shortcomings(run.result)
        self._say(f"ended {run.name}: {run.status}" + (f": {said}" if said else ""))
        with self._lock:
            known = self._store.dues().get(job)
            if known is None:
                return
            self._store.set_outcome(Outcome(job, run.id, run.updated_at, done and not said, said))
            found = next((one for one in wanted.jobs(self._settings, now) if one.name == job), None)
            if not done and found is not None and known.last_run == run.id:
                self._store.set_due(sooner(found, known, now))
        if job.startswith(f"{wanted.DRILL}:") and red(run.result):
            self.bring_forward(f"{wanted.BACKUP}:{job.partition(':')[2]}", now)  # what is there is no good: a new one


def _asset(run: Run, assets: dict[str, str | None]) -> str | None:
    return assets.get(job_of(run.id))
