"""What is due. Pure. A job that was missed while the keeper was down runs once, not once for every time it was missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from outlive.model.runbook import Runbook


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done every so often. `first_after_seconds` is how long after the first sight it is first due."""

    name: str
    runbook: Runbook
    every_seconds: float
    first_after_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Start:
    """A run to be started now, and when its job is due again. The id is the same however often it is asked for, so that
    a keeper killed between starting and remembering starts nothing twice."""

    job: Job
    run_id: str
    next_due: datetime


def first_due(job: Job, now: datetime) -> datetime:
    """Jobs of one stack are spread over a minute by their names, so that they do not all begin at once."""
    spread = int(sha256(job.name.encode()).hexdigest(), 16) % 60
    return now + timedelta(seconds=job.first_after_seconds + spread)


def due(jobs: Iterable[Job], next_due: Mapping[str, datetime], now: datetime) -> list[Start]:
    """The runs to start, the longest overdue first. A clock that jumped back does not start a job again before its
    time; a due date further away than one period (the clock had jumped forward) is brought back to one period."""
    starts = []
    for job in jobs:
        at = min(next_due[job.name], now + timedelta(seconds=job.every_seconds))
        if at <= now:
            missed = int((now - at).total_seconds() // job.every_seconds)
            following = at + timedelta(seconds=job.every_seconds * (missed + 1))
            starts.append(Start(job, f"{job.name}:{at:%Y%m%dT%H%M%SZ}", following))
    return sorted(starts, key=lambda start: start.next_due - timedelta(seconds=start.job.every_seconds))
