"""What is due, and what of it may begin now. Pure.

A job that was missed while the keeper was down runs once, not once for every time it was missed. Wall clocks jump, so a
due time is never trusted further ahead than one period, and a run's id holds a count that no clock can repeat.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from outlive.model.runbook import Runbook
from outlive.model.schedule import REHEARSAL, Due

AT_ONCE = 3  # runs beside each other
ONE_AT_A_TIME = (REHEARSAL,)  # kinds of jobs of which one runs, whatever it is about, and however long it takes
LONG_SECONDS = 3600.0  # a run that takes longer keeps its asset, but no longer a place: it may be hung
RETRY_SECONDS = (60.0, 3600.0)  # a failed run is due again after a quarter of its period, within these


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done every so often, to one asset or (None) to the whole. `first_after_seconds` is how long after
    the first sight it is first due, `retry_seconds` how long at the most after a failure."""

    name: str
    asset: str | None
    runbook: Runbook
    every_seconds: float
    first_after_seconds: float = 0
    retry_seconds: float = RETRY_SECONDS[1]


@dataclass(frozen=True, slots=True)
class Start:
    """A run to be begun now, and what is to be remembered then. The id is the same however often it is asked for until
    that is remembered, so that a keeper killed in between begins nothing twice."""

    job: Job
    run_id: str
    overdue_since: datetime
    after: Due


@dataclass(frozen=True, slots=True)
class Busy:
    """A run that has not ended: of which job, on which asset, since when."""

    job: str
    asset: str | None
    since: datetime


def first_due(job: Job, now: datetime, last_done: datetime | None = None) -> Due:
    """For a job that is seen for the first time. What was never done is due after `first_after_seconds`; where the vault
    knows when it was `last_done`, one period after that. Jobs of one stack are spread over a minute by their names."""
    if last_done is None:
        return Due(job.name, now + timedelta(seconds=job.first_after_seconds))
    spread = int(sha256(job.name.encode()).hexdigest(), 16) % 60
    period = timedelta(seconds=job.every_seconds)
    return Due(job.name, min(max(last_done + period, now), now + period) + timedelta(seconds=spread))


def mended(job: Job, due: Due, now: datetime) -> Due:
    """The same, brought back to one period from now where it is further away: the clock had jumped forward and is right
    again, or the period was shortened. Must be remembered, else it would move along with the clock."""
    latest = now + timedelta(seconds=max(job.every_seconds, job.first_after_seconds) + 60)
    if due.next_due <= latest:
        return due
    return replace(due, next_due=now + timedelta(seconds=job.every_seconds))


def sooner(job: Job, due: Due, now: datetime) -> Due:
    """After a failed run: the next one comes earlier than planned."""
    low, high = RETRY_SECONDS[0], job.retry_seconds
    pause = min(max(job.every_seconds / 4, low), high)
    return replace(due, next_due=min(due.next_due, now + timedelta(seconds=pause)))


def due(jobs: Iterable[Job], known: Mapping[str, Due], now: datetime) -> list[Start]:
    """The runs whose time has come, the longest overdue first. The next time keeps the job's rhythm."""
    starts = [_start(job, known[job.name], now) for job in jobs if known[job.name].next_due <= now]
    return sorted(starts, key=lambda start: (start.overdue_since, start.job.name))


def admit(starts: Iterable[Start], busy: Collection[Busy], now: datetime) -> list[Start]:
    """Those that may begin beside what runs already: at most `AT_ONCE` over all, one a job, one an asset and one of some
    kinds. Whoever must wait stays due and comes first next time. A run longer than an hour gives up its place among the
    three, so that hung ones do not keep everything else waiting."""
    jobs = {_alone(one.job) for one in busy}
    assets = {one.asset for one in busy if one.asset is not None}
    free = AT_ONCE - sum(1 for one in busy if _counts(one, now))
    admitted: list[Start] = []
    for start in starts:
        asset = start.job.asset
        if len(admitted) < free and _alone(start.job.name) not in jobs and (asset is None or asset not in assets):
            admitted.append(start)
            jobs.add(_alone(start.job.name))
            assets |= {asset} if asset is not None else set()
    return admitted


def _alone(job: str) -> str:
    """What runs once at a time: the job, or all of its kind."""
    kind = job.partition(":")[0]
    return kind if kind in ONE_AT_A_TIME else job


def job_of(run_id: str) -> str:
    """The name of the job whose run it is."""
    return run_id.rpartition(":")[0]


def _start(job: Job, known: Due, now: datetime) -> Start:
    at = known.next_due
    missed = int((now - at).total_seconds() // job.every_seconds)
    following = at + timedelta(seconds=job.every_seconds * (missed + 1))
    run_id = f"{job.name}:{at:%Y%m%dT%H%M%SZ}-{known.runs + 1}"
    return Start(job, run_id, at, Due(job.name, following, known.runs + 1, run_id))


def _counts(one: Busy, now: datetime) -> bool:
    """A clock that jumped must neither make a new run old nor keep an old one new for ever."""
    return 0 <= (now - one.since).total_seconds() < LONG_SECONDS
