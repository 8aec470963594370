"""Incidents and messages as documents and as people read them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from outlive.cli.words import duration, moment
from outlive.model.incident import Incident, Sending


def document(one: Incident) -> dict[str, Any]:
    """The times are datetimes; the output writes them."""
    return {
        "id": one.id,
        "cause": one.cause,
        "name": one.trouble.name,
        "host": one.trouble.host,
        "urgency": one.trouble.urgency.word,
        "what": one.trouble.what,
        "confirmed": one.trouble.sure,
        "since": one.trouble.since,
        "opened_at": one.opened_at,
        "ended_at": one.ended_at,
        "times": one.times,
        "symptoms": list(one.symptoms),
        "safe": list(one.trouble.safe),
        "forbidden": list(one.trouble.forbidden),
        "told": {name: told.at for name, told in one.told.items()},
        "acknowledged_at": one.acknowledged_at,
        "acknowledged_by": one.acknowledged_by or None,
    }


def sending_document(one: Sending) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "at": one.at,
        "state": one.state.value,
        "ended_at": one.ended_at,
        "why": one.why or None,
        "title": one.title,
        "kinds": list(one.kinds),
    }


def line(one: Incident, now: datetime) -> str:
    """One line of the list."""
    length = duration(((one.ended_at or now) - one.trouble.since).total_seconds())
    state = "over" if one.ended_at else "acknowledged" if one.is_acknowledged else "OPEN"
    more = f", {len(one.symptoms)} explained by it" if one.symptoms else ""
    return f"{one.id:>4}  {state:<12}  {moment(one.trouble.since)}  {length:<10}  {one.trouble.what}{more}"


def story(one: Incident, sendings: Sequence[Sending], now: datetime) -> Iterator[str]:
    """All that is known of one."""
    trouble = one.trouble
    yield f"Incident {one.id}: {trouble.what}"
    yield f"  {trouble.name}, {'confirmed' if trouble.sure else 'not confirmed'}, {trouble.urgency.word.replace('_', ' ')}"
    yield f"  since   {moment(trouble.since)}, noticed {moment(one.opened_at)}"
    if one.ended_at:
        yield f"  over    {moment(one.ended_at)} ({duration((one.ended_at - trouble.since).total_seconds())})"
    else:
        yield f"  open    for {duration((now - trouble.since).total_seconds())}" + (
            f"; it came {one.times} times" if one.times > 1 else ""
        )
    if one.acknowledged_at:
        yield f"  seen to by {one.acknowledged_by} since {moment(one.acknowledged_at)}"
    yield from (f"  explains  {symptom}" for symptom in one.symptoms)
    yield from (f"  safe      {line}" for line in trouble.safe)
    yield from (f"  DO NOT    {line.removeprefix('do not ')}" for line in trouble.forbidden)
    for sending in sendings:
        why = f": {sending.why}" if sending.why else ""
        yield f"  {moment(sending.at)}  {', '.join(sending.kinds)} -> {sending.channel}: {sending.state}{why}"
