"""What everybody may see: each host in a word, and its ninety days. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outlive.model.words import moment
from outlive.web.views.calendar import Day, host_days
from outlive.web.views.words import BAD, GOOD, UNKNOWN, Document, state_of

_WORDS = {GOOD: "WORKS", BAD: "DISTURBED", UNKNOWN: "UNKNOWN"}


@dataclass(frozen=True, slots=True)
class PublicHost:
    name: str
    state: str
    mark: str
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class PublicView:
    at: str
    state: str
    headline: str
    hosts: tuple[PublicHost, ...]


def public_view(status: Document, known: Mapping[str, Document]) -> PublicView:
    hosts = tuple(_host(one, known.get(one["host"], {}), status) for one in status["hosts"])
    states = {one.state for one in hosts}
    state = BAD if BAD in states else UNKNOWN if UNKNOWN in states or not hosts else GOOD
    headline = {GOOD: "Everything works.", BAD: "Something is disturbed.", UNKNOWN: "Not everything could be seen."}
    return PublicView(moment(status["at"]), state, headline[state], hosts)


def _host(one: Document, known: Document, status: Document) -> PublicHost:
    """Of the days only whether they were good: verdicts tell strangers too much."""
    state = state_of(one["verdict"])
    days = host_days(known.get("changes", ()), known.get("blind", ()), status["at"])
    plain = tuple(Day(each.place, each.day, each.state, _WORDS.get(each.state, "no data").lower()) for each in days)
    return PublicHost(one["host"], state, _WORDS[state], plain)
