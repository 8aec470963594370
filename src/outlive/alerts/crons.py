"""Whether people's own cron jobs ran when they should have, by what they told. Pure.

The states are Healthchecks' (healthchecks.io/docs/configuring_checks): a job that has never told anything is new, and no
alarm. What was due while the keeper did not listen may have come: it is not called missing before it is due once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from outlive.config.schema import CronSettings
from outlive.model.cron import CronHeard
from outlive.model.incident import Trouble, Urgency

CRON = "cron"


class State(StrEnum):
    NEW = "new"
    UP = "up"
    STARTED = "started"
    LATE = "late"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CronStanding:
    """How a job stands. `due_at` is when it should end next (or should have ended); `since` when it went down."""

    name: str
    host: str | None
    state: State
    why: str
    last_at: datetime | None = None
    due_at: datetime | None = None
    since: datetime | None = None

    @property
    def is_down(self) -> bool:
        return self.state is State.DOWN


def standings(
    crons: Iterable[CronSettings], heard: Mapping[str, CronHeard], listening_since: datetime | None, now: datetime
) -> tuple[CronStanding, ...]:
    """In their order. `listening_since` None: nobody listens."""
    return tuple(_standing(one, heard.get(one.name, CronHeard(one.name)), listening_since, now) for one in crons)


def troubles(standings: Iterable[CronStanding]) -> Iterator[Trouble]:
    """One for each that is down."""
    for one in standings:
        if one.since is None:
            continue
        where = f" on {one.host}" if one.host else ""
        yield Trouble(
            cause=f"{CRON}:{one.name}",
            name=CRON,
            host=one.host,
            urgency=Urgency.HIGH,
            since=one.since,
            what=f"cron job {one.name}{where}: {one.why}",
            safe=(f"read what it printed{where or ' where it runs'}",),
        )


def unknown(standings: Iterable[CronStanding]) -> frozenset[str]:
    """The causes of which nothing can be told."""
    return frozenset(f"{CRON}:{one.name}" for one in standings if one.state is State.UNKNOWN)


def _standing(cron: CronSettings, heard: CronHeard, listening_since: datetime | None, now: datetime) -> CronStanding:
    moments = [at for at in (heard.began_at, heard.succeeded_at, heard.failed_at) if at is not None]
    if not moments:
        return CronStanding(cron.name, cron.host, State.NEW, "it has never told anything")
    last = max(moments)
    if last == heard.failed_at:
        status = "" if heard.exit_status is None else f" (exit status {heard.exit_status})"
        return CronStanding(
            cron.name, cron.host, State.DOWN, f"it says itself that it failed{status}", last, since=last
        )
    if listening_since is None:
        return CronStanding(cron.name, cron.host, State.UNKNOWN, "the keeper does not listen", last)
    if last == heard.began_at:
        return _begun(cron, last, listening_since, now)
    due = _due(cron, last, listening_since)
    return _against(cron, last, due, State.UP, f"it should have ended by {_told(due)}", now)


def _begun(cron: CronSettings, began: datetime, listening_since: datetime, now: datetime) -> CronStanding:
    """Its end may be as long in coming as its grace; one that the keeper may have missed is waited for once more."""
    due = began if listening_since <= began else _due(cron, began, listening_since)
    return _against(cron, began, due, State.STARTED, f"it began at {_told(began)} and has not told its end", now)


def _against(cron: CronSettings, last: datetime, due: datetime, well: State, why: str, now: datetime) -> CronStanding:
    late = due + timedelta(seconds=cron.grace_seconds)
    if now > late:
        return CronStanding(cron.name, cron.host, State.DOWN, why, last, due, late)
    if well is State.UP and now > due:
        return CronStanding(cron.name, cron.host, State.LATE, why, last, due)
    return CronStanding(cron.name, cron.host, well, "", last, due)


def _due(cron: CronSettings, last: datetime, listening_since: datetime) -> datetime:
    """The first time it is due while somebody listens."""
    every = timedelta(seconds=cron.every_seconds)
    return last + every * max(1, ceil((listening_since - last) / every))


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
