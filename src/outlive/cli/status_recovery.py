"""Recoveries and rehearsals, as far as `status` tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlive.config.schema import RehearsalSettings
from outlive.model.recovery import Entry, Recovery, begun_steps, is_ended
from outlive.model.words import brief, duration, moment
from outlive.recovery import destination
from outlive.recovery.destination import ordering
from outlive.recovery.rehearsal import is_late, is_whole, stands
from outlive.recovery.report import seconds

MONTH_SECONDS = 30 * 86400.0
STALE = ", TOO LONG AGO to rely on"


@dataclass(frozen=True, slots=True)
class Told:
    """A run and its journal."""

    run: Recovery
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """A rehearsal that comes round: when the last whole one began, when the next is due (None: no keeper has seen it yet),
    why the last that the keeper tried failed, and why the next would have to wait."""

    settings: RehearsalSettings
    last_at: datetime | None
    next_at: datetime | None
    is_late: bool
    failed: str = ""
    waits: str = ""


def planned(
    wanted: Sequence[RehearsalSettings],
    told: Sequence[Told],
    next_at: Mapping[str, datetime],
    failed: Mapping[str, str],
    now: datetime,
    waits: Callable[[str], str] = lambda host: "",
) -> list[Planned]:
    """Of every [[rehearsals]]; `next_at` and `failed` by host, `waits` of a host."""
    last = {one["host"]: one["at"] for one in rehearsed(told)}
    return [
        Planned(
            one,
            last.get(one.host),
            next_at.get(one.host),
            is_late(last.get(one.host), one.every_seconds, now),
            failed.get(one.host, ""),
            waits(one.host),
        )
        for one in wanted
    ]


def risks(told: Sequence[Told], plan: Sequence[Planned] = (), *, at_work: bool = False) -> Iterator[str]:
    """A sentence for a run that was begun and has not ended, for a rehearsal that is late, and for one that still stands.
    `at_work`: a rehearsal is under way, and takes down by itself what it makes."""
    for late in plan:
        host = late.settings.host
        if late.failed:
            yield f"{host}: the last rehearsal failed, so would a recovery: {late.failed}"
        if late.is_late and late.last_at:
            every = brief(late.settings.every_seconds)
            yield f"{host}: last rehearsed {moment(late.last_at)}, which should be every {every}: `outlive rehearse {host}`"
    for one in told:
        if one.run.rehearsal and at_work:
            continue
        if stands(one.run, one.entries):
            yield _standing(one)
        if is_ended(one.entries):
            continue
        last = next((entry for entry in reversed(one.entries) if entry.step), None)
        where = f", last {last.what} {last.step!r} at {moment(last.at)}" if last else ""
        what, words = ("rehearsal", " --rehearse") if one.run.rehearsal else ("recovery", "")
        paid = "; the machine that it ordered is paid for" if ordering(one.run) in begun_steps(one.entries) else ""
        cure = f"`outlive recover{words} --resume`, or `--undo`"
        yield f"{one.run.host}: a {what} has not ended ({one.run.id}{where}){paid}: {cure}"


def _standing(one: Told) -> str:
    """A second production, with production's data and secrets."""
    where = destination.where(one.run, one.entries)
    bought = f"; {where} was ordered for it and is paid for as long as it stands" if ordering(one.run) else ""
    return (
        f"{one.run.host}: the rehearsal {one.run.id} still stands on {where}, a second production{bought}: "
        "`outlive recover --rehearse --undo`"
    )


def rehearsed(told: Sequence[Told]) -> list[dict[str, Any]]:
    """The last whole rehearsal of each host."""
    found: dict[str, dict[str, Any]] = {}
    for one in told:
        if is_whole(one.run, one.entries):
            took = seconds(one.entries)
            found[one.run.host] = {
                "host": one.run.host,
                "at": one.entries[0].at,
                "rto_seconds": took,
                "run": one.run.id,
            }
    return list(found.values())


def rto(told: Sequence[Told], plan: Sequence[Planned], now: datetime) -> list[dict[str, Any]]:
    """The same for machines, and whether it is too long ago to be relied on: by the period that was asked for, else a
    month."""
    every = {one.settings.host: one.settings.every_seconds for one in plan}
    return [one | {"stale": is_late(one["at"], every.get(one["host"], MONTH_SECONDS), now)} for one in rehearsed(told)]


def lines(told: Sequence[Told], now: datetime, plan: Sequence[Planned] = (), *, at_work: bool = False) -> list[str]:
    """The RTO of the whole stack, as it was measured, and when it is measured next. One that is too old to be relied on is
    said to be so."""
    due = {one.settings.host: _next(one, now) for one in plan}
    found = rto(told, plan, now)
    done = [
        f"{one['host']}: the whole stack was back in {duration(one['rto_seconds'] or 0.0)}, rehearsed "
        f"{brief(max(0.0, (now - one['at']).total_seconds()))} ago{STALE * one['stale']}{due.get(one['host'], '')}"
        for one in found
    ]
    known = {one["host"] for one in found}
    never = [f"{host}: not rehearsed yet{said}" for host, said in due.items() if host not in known]
    return [*done, *never, *(["one is under way"] if at_work else [])]


def _next(one: Planned, now: datetime) -> str:
    if one.next_at is None:
        return "; `outlive keep` does it"
    if one.waits:
        return f"; the next waits: {one.waits}"
    wait = (one.next_at - now).total_seconds()
    return f"; next in {brief(wait)}" if wait > 0 else "; due now"


def plan_document(plan: Sequence[Planned]) -> list[dict[str, Any]]:
    """For machines."""
    return [
        {
            "host": one.settings.host,
            "to": one.settings.to or None,
            "every_seconds": one.settings.every_seconds,
            "last_at": one.last_at,
            "next_at": one.next_at,
            "late": one.is_late,
            "failed": one.failed or None,
            "waits": one.waits or None,
        }
        for one in plan
    ]
