"""What is wrong with the providers' projects, and with hearing of them. Pure.

The provider is one channel: what it says is never sure, and is told with what must not be done because of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from outlive.model.incident import Trouble, Urgency

PROJECT, UNHEARD = "project", "unheard"
SILENT = timedelta(minutes=30)  # an API that is away for a moment comes back by itself
SAFE = (
    "outlive check shows state, API and machine side by side",
    "believe the machine: outlive identity asks every address",
)
FORBIDDEN = ("do not taint, replace, reinstall or delete anything on the provider's word alone",)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One finding that somebody must hear of. `id` is the same as long as it stands; `host` is whose server it is."""

    id: str
    name: str
    host: str | None
    since: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Project:
    """Of one provider ("provider cloud"), or one folder of plans ("tofu infra"): what stands, and since when and why nothing
    was heard (None: it was)."""

    who: str
    alarms: tuple[Alarm, ...] = ()
    silent_since: datetime | None = None
    why: str = ""

    @property
    def is_plan(self) -> bool:
        return self.who.startswith("tofu ")


def troubles(projects: Sequence[Project], now: datetime) -> Iterator[Trouble]:
    for one in projects:
        yield from (_alarm(one.who, alarm) for alarm in one.alarms)
        if one.silent_since is not None and (one.is_plan or now - one.silent_since >= SILENT):
            yield _silence(one, one.silent_since)


def _alarm(who: str, alarm: Alarm) -> Trouble:
    return Trouble(
        cause=f"{PROJECT}:{who} {alarm.id}",
        name=alarm.name,
        host=alarm.host,
        urgency=Urgency.HIGH,
        since=alarm.since,
        what=f"{who}: {alarm.what}",
        sure=False,
        safe=SAFE,
        forbidden=FORBIDDEN,
    )


def _silence(one: Project, since: datetime) -> Trouble:
    """A plan is asked seldom, and one that fails was once read as "no drift": it is told at once."""
    what = f"{one.who}: {'the plan gives' if one.is_plan else 'its API gives'} no data: {one.why}"
    safe = ("nothing is concluded from it: no data is neither drift nor none",)
    return Trouble(f"{UNHEARD}:{one.who}", UNHEARD, None, Urgency.LOW, since, what, sure=True, safe=safe)
