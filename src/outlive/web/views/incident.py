"""Incidents: the list, and one with everything that happened in its time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.model.words import duration, moment
from outlive.web.views.words import BAD, GOOD, UNKNOWN, Document, plain

MOST_OVER = 100
_MARKS = {BAD: "OPEN", UNKNOWN: "SEEN TO", GOOD: "OVER"}


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """`state` good: it is over; unknown: somebody sees to it."""

    id: int
    state: str
    mark: str
    what: str
    urgency: str
    since: str
    lasted: str
    explains: int


@dataclass(frozen=True, slots=True)
class Happening:
    """`end` of the sentence is what was said with it."""

    at: str
    what: str


@dataclass(frozen=True, slots=True)
class IncidentView:
    line: IncidentLine
    name: str
    host: str
    sure: bool
    is_mine: bool
    seen_to: str
    symptoms: tuple[str, ...]
    safe: tuple[str, ...]
    forbidden: tuple[str, ...]
    happened: tuple[Happening, ...]


def incident_lines(incidents: Sequence[Document], now: datetime) -> tuple[tuple[IncidentLine, ...], ...]:
    """Those that are open, then those that are over."""
    lines = [incident_line(one, now) for one in incidents]
    return tuple(one for one in lines if one.state != GOOD), tuple(one for one in lines if one.state == GOOD)[
        :MOST_OVER
    ]


def incident_line(one: Document, now: datetime) -> IncidentLine:
    state = GOOD if one["ended_at"] else UNKNOWN if one["acknowledged_at"] else BAD
    return IncidentLine(
        id=one["id"],
        state=state,
        mark=_MARKS[state],
        what=one["what"],
        urgency=one["urgency"].replace("_", " "),
        since=moment(one["since"]),
        lasted=duration(max(0.0, ((one["ended_at"] or now) - one["since"]).total_seconds())),
        explains=len(one["symptoms"]),
    )


def incident_view(one: Document, changes: Sequence[Document], now: datetime) -> IncidentView:
    """One, from `incident show --json` with its `notes`, and the `changes` of its host's verdict."""
    seen_to = f"{one['acknowledged_by']}, since {moment(one['acknowledged_at'])}" if one["acknowledged_at"] else ""
    happened = sorted(_happened(one, changes), key=lambda each: each[0])
    return IncidentView(
        line=incident_line(one, now),
        name=one["name"],
        host=one["host"] or "",
        sure=one["confirmed"],
        is_mine=bool(one["acknowledged_at"]),
        seen_to=seen_to,
        symptoms=tuple(one["symptoms"]),
        safe=tuple(one["safe"]),
        forbidden=plain(one["forbidden"]),
        happened=tuple(Happening(moment(at), what) for at, what in happened),
    )


def _happened(one: Document, changes: Sequence[Document]) -> Iterator[tuple[datetime, str]]:
    yield one["since"], f"It began: {one['what']}"
    yield one["opened_at"], "The keeper noticed."
    for message in one["messages"]:
        came = message["state"] + (f" ({message['why']})" if message["why"] else "")
        yield message["at"], f"{', '.join(message['kinds'])}: told {message['channel']}, {came}"
    for note in one["notes"]:
        yield note["at"], f"{note['by']} says: {note['text']}"
    end = one["ended_at"]
    for change in changes:
        if one["since"] <= change["since"] and (end is None or change["since"] <= end):
            yield change["since"], f"The verdict became {change['verdict']}."
    if one["acknowledged_at"]:
        yield one["acknowledged_at"], f"{one['acknowledged_by']} sees to it."
    if end:
        yield end, "It was over."
