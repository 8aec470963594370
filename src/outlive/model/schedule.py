"""What is remembered of a job between two looks at the clock: when it is due, and how its last run ended. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

REHEARSAL = "rehearsal"  # a kind of job, and of trouble


@dataclass(frozen=True, slots=True)
class Due:
    """When a job is due next, how many runs of it were begun, and the last of them."""

    job: str
    next_due: datetime
    runs: int = 0
    last_run: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last ended run of a job came out. `said` is what it complained of, in its own words."""

    job: str
    run: str
    ended_at: datetime
    ok: bool
    said: str = ""


@dataclass(frozen=True, slots=True)
class Beat:
    """The keeper's own sign of life: since when it runs, and when it told so last."""

    started_at: datetime
    told_at: datetime
