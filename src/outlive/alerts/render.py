"""What somebody reads on a phone at three in the morning. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from outlive.alerts.telling import Item, Notice
from outlive.model.incident import Incident, Kind

TITLE = 100  # characters; more is cut by lock screens
SYMPTOMS = 3
BEGINS = {
    Kind.OPENED: "",
    Kind.CHANGED: "Now: ",
    Kind.AGAIN: "Again: ",
    Kind.REPEATED: "Still: ",
    Kind.ESCALATED: "Nobody answered: ",
    Kind.RECOVERED: "Over: ",
    Kind.AFTERWARDS: "In quiet hours, and over: ",
}


@dataclass(frozen=True, slots=True)
class Text:
    """`good`: nothing to worry about."""

    title: str
    body: str
    good: bool = False


def render(notice: Notice, now: datetime, link: str | None = None) -> Text:
    """`link` may hold `{id}`."""
    if not notice.items:
        body = (
            f"This is the test of the channel {notice.channel}, sent {_clock(now)}. Nothing is wrong. "
            "When the next one does not come, alerts do not reach you."
        )
        return Text("Outlive: this channel works", body, good=True)
    first = notice.items[0]
    more = len(notice.items) - 1
    title = BEGINS[first.kind] + first.incident.trouble.what
    title = f"{title[: TITLE - 12].rstrip()} (+{more} more)" if more else _cut(title)
    parts = ["\n".join(_lines(item, now, link)) for item in notice.items]
    return Text(title, "\n\n".join(parts), good=all(item.kind.is_end for item in notice.items))


def _lines(item: Item, now: datetime, link: str | None) -> Iterator[str]:
    one, trouble = item.incident, item.incident.trouble
    yield f"{BEGINS[item.kind]}{trouble.what} ({trouble.name})"
    if item.kind.is_end:
        yield f"From {_clock(trouble.since)} to {_clock(one.ended_at or now)} ({_span(trouble.since, one.ended_at or now)})"
    else:
        yield f"Since {_clock(trouble.since)} ({_span(trouble.since, now)})"
        yield from _how_sure(one)
        yield from (f"Safe: {line}" for line in trouble.safe)
        yield from (f"DO NOT {line.removeprefix('do not ')}" for line in trouble.forbidden)
    yield from _symptoms(one)
    if not item.kind.is_end:
        yield f"I see to it: outlive ack {one.id}"
    if link:
        yield link.replace("{id}", str(one.id))


def _how_sure(one: Incident) -> Iterator[str]:
    yield "Confirmed" if one.trouble.sure else "NOT confirmed: one kind of evidence only, or none"
    if one.is_flapping:
        yield f"Flapping: it came {max(one.times, 2)} times; over when it stays away for 15 min"


def _symptoms(one: Incident) -> Iterator[str]:
    shown = one.symptoms[:SYMPTOMS]
    yield from (f"Explained by it: {line}" for line in shown)
    if len(one.symptoms) > SYMPTOMS:
        yield f"and {len(one.symptoms) - SYMPTOMS} more"


def _cut(title: str) -> str:
    return title if len(title) <= TITLE else f"{title[: TITLE - 3].rstrip()}..."


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def _span(since: datetime, until: datetime) -> str:
    minutes = max(0, int((until - since).total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"
