"""From what is wrong to incidents: one for each cause, symptoms held under the one that explains them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from outlive.alerts.troubles import Seen, explained
from outlive.model.incident import Incident, Trouble

AGAIN = timedelta(hours=1)  # what comes back so soon is the same incident
CALM = timedelta(minutes=15)  # what flaps has to stay away so long to be over
GRACE = timedelta(hours=1)  # a symptom may outlive what explained it: the next run of a job comes by itself


@dataclass(frozen=True, slots=True)
class Followed:
    """`open`: all that have not ended; `changed`: those of which something is to be remembered."""

    open: tuple[Incident, ...]
    changed: tuple[Incident, ...]


def follow(seen: Seen, known: Sequence[Incident], now: datetime, next_id: int) -> Followed:
    """`known`: all open incidents, and those that ended within the last hours. New ones are numbered from `next_id`."""
    held = _held(seen.troubles, known, now)
    causes = {one.cause: one for one in seen.troubles if one.cause not in held}
    latest = _latest(known)
    found: dict[int, Incident] = {one.id: one for one in known}
    for cause, trouble in causes.items():
        before = latest.get(cause)
        if before is not None and (before.ended_at is None or now - before.ended_at < AGAIN):
            incident = _goes_on(before, trouble, now)
        else:
            incident = Incident(next_id, trouble, now, now)
            next_id += 1
        found[incident.id] = incident
    for one in latest.values():
        if one.ended_at is None and one.cause not in causes and not seen.is_unknown(one.cause):
            found[one.id] = _is_gone(one, now)
    found = _with_symptoms(found, held, seen.troubles)
    before_by_id = {one.id: one for one in known}
    return Followed(
        tuple(one for one in found.values() if one.ended_at is None),
        tuple(one for one in found.values() if one != before_by_id.get(one.id)),
    )


def _held(troubles: Sequence[Trouble], known: Sequence[Incident], now: datetime) -> Mapping[str, str]:
    """By its cause, each symptom, and the cause of what explains it: now, or a short while ago. What was told before what
    is the same news as it goes on as it is."""
    told = {(one.cause, one.trouble.name) for one in known if one.ended_at is None}
    lately = [one.trouble for one in known if one.ended_at is None or now - one.ended_at < GRACE]
    held = {}
    for one in troubles:
        if one.same_as and (one.cause, one.name) in told:
            continue
        by = explained(one, troubles) or _explained_lately(one, known, lately)
        if by is not None:
            held[one.cause] = by.cause
    return held


def _explained_lately(trouble: Trouble, known: Sequence[Incident], lately: Sequence[Trouble]) -> Trouble | None:
    """What explained it when it began."""
    by = explained(trouble, lately)
    if by is None:
        return None
    during = (one for one in known if one.trouble is by)
    return by if any(trouble.since <= (one.ended_at or trouble.since) for one in during) else None


def _latest(known: Iterable[Incident]) -> dict[str, Incident]:
    return {one.cause: one for one in sorted(known, key=lambda one: one.id)}


def _goes_on(before: Incident, trouble: Trouble, now: datetime) -> Incident:
    worse = trouble.urgency > before.trouble.urgency or _has_more(before, trouble)
    came_back = before.ended_at is not None or before.gone_since is not None
    return replace(
        before,
        trouble=replace(trouble, since=min(trouble.since, before.trouble.since)),
        worsened_at=now if worse else before.worsened_at,
        ended_at=None,
        gone_since=None,
        times=before.times + came_back,
    )


def _has_more(before: Incident, trouble: Trouble) -> bool:
    """Of what is found one by one: something new, or the same again after it was dealt with."""
    return bool(set(trouble.parts) - set(before.trouble.parts)) or (bool(trouble.parts) and before.ended_at is not None)


def _is_gone(one: Incident, now: datetime) -> Incident:
    """Over; what flaps only when it has stayed away."""
    gone_since = one.gone_since or now
    if one.is_flapping and now - gone_since < CALM:
        return replace(one, gone_since=gone_since)
    return replace(one, gone_since=gone_since, ended_at=now)


def _with_symptoms(
    found: Mapping[int, Incident], held: Mapping[str, str], troubles: Sequence[Trouble]
) -> dict[int, Incident]:
    """Symptoms are only added: the incident tells all that it explained."""
    symptoms: dict[str, list[str]] = {}
    for one in troubles:
        if one.cause in held:
            symptoms.setdefault(held[one.cause], []).append(one.what)
    by_cause = _latest(found.values())
    changed = dict(found)
    for cause, told in symptoms.items():
        incident = by_cause.get(cause)
        if incident is not None:
            changed[incident.id] = replace(incident, symptoms=tuple(dict.fromkeys((*incident.symptoms, *told))))
    return changed
