"""The first view: everything in one sentence, then what it is made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.model.words import moment
from outlive.web.views.calendar import Day, host_days
from outlive.web.views.lines import (
    AssetLine,
    CronLine,
    HostLine,
    RehearsalLine,
    asset_line,
    cron_line,
    host_line,
    mirror_risks,
    rehearsal_lines,
)
from outlive.web.views.words import BAD, GOOD, MARKS, UNKNOWN, WORST_FIRST, Document


@dataclass(frozen=True, slots=True)
class Now:
    """`headline` is one sentence about everything, that of the worst host where one is in trouble; `more` says what else is
    at risk. `state` is the worst of all, `days` the last ninety of each host."""

    at: str
    state: str
    headline: str
    more: str
    hosts: tuple[HostLine, ...]
    assets: tuple[AssetLine, ...]
    risks: tuple[str, ...]
    unguarded: tuple[str, ...]
    blind: tuple[str, ...]
    blind_before: tuple[str, ...]
    notes: tuple[str, ...]
    days: Mapping[str, tuple[Day, ...]]
    crons: tuple[CronLine, ...]
    rehearsals: tuple[RehearsalLine, ...]

    @property
    def mark(self) -> str:
        return MARKS[self.state]


def now_view(status: Document, known: Mapping[str, Document] | None = None) -> Now:
    """The first view, from `status --json` and what the keeper remembers of each host. What is worst stands first."""
    at = status["at"]
    hosts = tuple(host_line(one, at) for one in status["hosts"])
    assets = tuple(asset_line(one, at) for one in status["assets"])
    unguarded = [one for one in status["unguarded"] if not one["accepted"]]
    risks = (
        *status["risks"],
        *(f"{one.name}: {risk}" for one in assets for risk in one.risks),
        *mirror_risks(status),
    )
    gone = tuple(f"{one['host']}: {one['kind']} {one['name']}: {one['why']}" for one in unguarded)
    at_risk = len(risks) + len(gone)
    unseen = tuple(one for one in status["blind"] if one["to"] >= at)
    state = BAD if at_risk or any(one.state == BAD for one in hosts) else GOOD
    if state == GOOD and (unseen or not hosts or any(one.state == UNKNOWN for one in hosts)):
        state = UNKNOWN
    worst = [f"{one.name}: {one.sentence}" for one in hosts if one.state == BAD]
    return Now(
        at=moment(at),
        state=state,
        headline=worst[0] if worst else _headline(state, assets, at_risk, len(status.get("incidents", ()))),
        more=f"{_count(at_risk, 'thing')} at risk, as told below." if worst and at_risk else "",
        hosts=tuple(sorted(hosts, key=lambda one: WORST_FIRST[one.state])),
        assets=tuple(sorted(assets, key=lambda one: (WORST_FIRST[one.state], -one.lost_share))),
        risks=risks,
        unguarded=gone,
        blind=tuple(_blind(one, at) for one in unseen),
        blind_before=tuple(_blind(one, at) for one in status["blind"] if one["to"] < at),
        notes=tuple(status["notes"]),
        crons=tuple(cron_line(one, at) for one in status.get("crons", ())),
        rehearsals=rehearsal_lines(status),
        days={one.name: _days((known or {}).get(one.name, {}), at) for one in hosts},
    )


def _days(known: Document, at: datetime) -> tuple[Day, ...]:
    return host_days(known.get("changes", ()), known.get("blind", ()), at)


def _headline(state: str, assets: Sequence[AssetLine], at_risk: int, incidents: int) -> str:
    if state == BAD:
        return f"{_count(at_risk, 'thing')} at risk."
    if state == UNKNOWN and incidents:
        return f"{_count(incidents, 'incident')} open, and not everything could be seen: what that means is not known."
    if state == UNKNOWN:
        return "Nothing is known to be wrong, but not everything could be seen."
    if not assets:
        return "All is well, but nothing is guarded: outlive.toml names no asset."
    return "All is well."


def _count(number: int, what: str) -> str:
    return f"One {what} is" if number == 1 else f"{number} {what}s are"


def _blind(one: Document, at: datetime) -> str:
    until = "now" if one["to"] >= at else moment(one["to"])
    return f"{one['what']}, {moment(one['from'])} to {until}: {one['why']}"
