"""What `status` says of the hosts: the verdict that stands, as long as it is fresh. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from outlive.cli.facts import showing
from outlive.cli.words import moment
from outlive.config.schema import Settings
from outlive.model.observation import Observation
from outlive.model.verdict import Name
from outlive.model.watching import Blind, Judged

FRESH_PERIODS = 4  # of looking: then a verdict is too old to be told as one
FRESH_SECONDS = 120.0
MOST_REASONS = 4
NOBODY = "nobody looks at it: `outlive keep` does all day, `outlive check` once"
UNTOLD = (Name.NO_DATA, Name.UNREACHABLE_UNPROVEN)


@dataclass(frozen=True, slots=True)
class Watched:
    """What the keeper remembers: the verdict that stands for each host, and when it could not see (`blind`: also times
    that are over)."""

    standing: Mapping[str, Judged]
    blind: Sequence[Blind] = ()


def hosts(
    settings: Settings, watched: Watched, looked: Sequence[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """As CONTRACT has it. `looked` is what a look just now gave; it says who could be reached, and judges nothing."""
    reached = {one["host"]: one for one in looked}
    return [
        _host(settings, one.name, watched.standing.get(one.name), reached.get(one.name), now) for one in settings.hosts
    ]


def risks(settings: Settings, watched: Watched, now: datetime) -> Iterator[str]:
    """A sentence for each host that is not what it should be."""
    for one in _fresh(settings, watched, now):
        if one.verdict != Name.SAME_MACHINE_OK and one.verdict not in UNTOLD and not one.document.get("accepted"):
            sure = "" if one.confirmed else " (not confirmed)"
            do = next(iter((*one.document.get("forbidden", ()), *one.document.get("advice", ()))), "")
            yield f"{one.host}: {one.verdict}{sure} since {moment(one.since)}. {do}".strip()


def not_seen(settings: Settings, watched: Watched, now: datetime) -> Iterator[dict[str, Any]]:
    """What cannot be seen at present."""
    for one in _fresh(settings, watched, now):
        if one.verdict in UNTOLD:
            missing = "; ".join(one.document.get("missing", ())) or "no witness got an answer"
            yield blind_time(Blind(f"host {one.host}", one.since, None, f"{one.verdict}: {missing}"), now)
    yield from (blind_time(one, now) for one in watched.blind if one.until is None)


def was_not_seen(watched: Watched, now: datetime) -> list[dict[str, Any]]:
    """Times of not seeing that are over."""
    return [blind_time(one, now) for one in watched.blind if one.until is not None]


def blind_time(one: Blind, now: datetime) -> dict[str, Any]:
    return {"what": one.what, "from": one.since, "to": one.until or now, "why": one.why}


def _fresh(settings: Settings, watched: Watched, now: datetime) -> list[Judged]:
    found = (watched.standing.get(host.name) for host in settings.hosts)
    return [one for one in found if one is not None and _is_fresh(settings, one, now)]


def _is_fresh(settings: Settings, one: Judged, now: datetime) -> bool:
    host = settings.host(one.host)
    every = (host.every_seconds if host else None) or settings.watch.every_seconds
    return abs(now - one.judged_at) <= timedelta(seconds=max(FRESH_SECONDS, FRESH_PERIODS * every))


def _host(
    settings: Settings, name: str, judged: Judged | None, reached: dict[str, Any] | None, now: datetime
) -> dict[str, Any]:
    seen_at = reached["seen_at"] if reached else None
    if judged is None or not _is_fresh(settings, judged, now):
        ago = NOBODY if judged is None else f"last judged {moment(judged.judged_at)} as {judged.verdict}; {NOBODY}"
        because = [*(reached["because"] if reached else ()), ago]
        return {"host": name, "verdict": Name.NO_DATA, "confirmed": False, "because": because, "seen_at": seen_at}
    if judged.verdict not in UNTOLD:
        seen_at = max(filter(None, (seen_at, judged.judged_at)))
    return {
        "host": name,
        "verdict": judged.verdict,
        "confirmed": judged.confirmed,
        "because": _because(judged),
        "seen_at": seen_at,
        "since": judged.since,
        "advice": [str(one) for one in judged.document.get("advice", ())],
    }


def _because(judged: Judged) -> list[str]:
    told = [showing(Observation.from_json(one)) for one in judged.document.get("for", ())]
    reasons = list(dict.fromkeys(told))[:MOST_REASONS]
    flapping = ["flapping: it changes all the time"] if judged.document.get("flapping") else []
    return [*flapping, *reasons, *(f"missing: {one}" for one in judged.document.get("missing", ()))]
