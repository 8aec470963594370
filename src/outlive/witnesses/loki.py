"""What services write, as a store of logs has it: Grafana Loki, or what speaks its API.

Another road than the machine's: it goes on when the machine is silent, and it was all that was left of the first outage.
Loki's answers are paged by nanosecond; at most `MOST_PAGES` a look are brought, and what falls too far behind is given up,
and said. Where the answers come from one machine or from two that share labels, nobody can tell (research/watch.md 0).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from outlive.clock import Clock
from outlive.commands import loki
from outlive.commands.log_files import LogLine
from outlive.commands.loki import Entry
from outlive.errors import OutliveError
from outlive.logs.ear import Ear
from outlive.logs.pages import Pages
from outlive.logs.tally import Limits
from outlive.model.observation import Channel, Observation
from outlive.transport.api import Api
from outlive.transport.net import NoAnswer
from outlive.witnesses.base import Pad

FACT = "log.seen"
LIMIT = 1000  # Loki refuses more than 5000 unless it is told otherwise
MOST_PAGES = 20
MOST_EARS = 200
SERVICE = ("service", "compose_service", "service_name", "container", "app", "job")
PROJECT = ("project", "compose_project")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Whose = tuple[str, str, str]  # project, service, stream


@dataclass(slots=True)
class LokiWitness:
    """Of one query. `open` fetches the token and may wait; it is called again when the token was refused. `key`: what the
    fingerprints of leaks are made with. `subject` is the host whose services these are."""

    name: str
    subject: str
    query: str
    open: Callable[[], Api]
    clock: Clock = field(repr=False)
    key: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    _api: Api | None = None
    _pages: Pages = field(default_factory=Pages)
    _limit: int = LIMIT
    _ears: dict[Whose, Ear] = field(default_factory=dict)
    _told_to: Mapping[str, Any] = field(default_factory=dict)
    _left_open: Container[tuple[str, ...]] | None = None  # until the first answer after a restart

    @property
    def reader(self) -> str:
        return f"loki {self.name}"

    def positions(self) -> Mapping[str, Mapping[str, Any]]:
        """As of the last look that was told; empty for a first look that brought nothing."""
        return {self._which: self._told_to} if self._told_to else {}

    def resume(self, remembered: Mapping[str, Mapping[str, Any]]) -> None:
        """Goes on where the reader before this one was: `remembered` are its `positions`. Of another query it knows
        nothing."""
        if (document := remembered.get(self._which)) is not None:
            self._told_to, self._pages = document, Pages.taken_up(document)
            opened = document.get("open")
            self._left_open = {tuple(one) for one in opened} if isinstance(opened, list) else set()

    @property
    def _which(self) -> str:
        return sha256(self.query.encode()).hexdigest()

    @property
    def what(self) -> str:
        return f"the logs in {self.name}"

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    async def look(self) -> list[Observation]:
        told = await self._look(self.clock.now())
        if noted := self._pages.noted():
            self._told_to = noted | {"open": [list(whose) for whose, ear in self._ears.items() if not ear.is_settled]}
        return told

    async def _look(self, now: datetime) -> list[Observation]:
        try:
            if self._api is None:
                self._api = await asyncio.to_thread(self.open)
            lost = await self._read_on(self._api, now)
        except NoAnswer as error:
            self._api = None if error.word == "refused_token" else self._api
            return [*self._told(now), self._pad.no_data(FACT, error.word, error.why)]
        except ValueError as error:
            return [*self._told(now), self._pad.no_data(FACT, "unreadable", str(error))]
        except OutliveError as error:
            return [self._pad.no_data(FACT, "configuration", error.detail)]
        why = f"{lost} s of it were given up: out of reach for too long, or more was written than may be read"
        return [*self._told(now), *([self._pad.no_data(FACT, "behind", why)] if lost else [])]

    @property
    def _pad(self) -> Pad:
        return Pad(f"loki {self.name}", Channel.TELEMETRY, self.subject, self.clock)

    async def _read_on(self, api: Api, now: datetime) -> int:
        """How many seconds had to be given up."""
        end = (now - _EPOCH) // timedelta(microseconds=1) * 1000
        start, lost = self._pages.start(end)
        for _ in range(MOST_PAGES):
            page = await self._page(api, start, end)
            fresh, onward = self._pages.take(page, self._limit, end)
            self._hear_again(page, fresh, now)
            self._hear(fresh, now)
            if onward is None or onward >= end:
                break
            start = onward
        return lost

    async def _page(self, api: Api, start: int, end: int) -> Sequence[Entry]:
        try:
            reply = await api.get(loki.range_path(self.query, start, end, self._limit))
        except NoAnswer as error:
            allowed = loki.allowed_entries(error.why)
            if allowed is None or not 0 < allowed < self._limit:
                raise
            self._limit = allowed
            reply = await api.get(loki.range_path(self.query, start, end, allowed))
        return loki.read_range(reply.body)

    def _hear_again(self, page: Sequence[Entry], fresh: Sequence[Entry], now: datetime) -> None:
        """What the reader before this one had told, so that what began in it is found."""
        if self._left_open is None:
            return
        new = {id(one) for one in fresh}
        for whose, lines in _said([one for one in page if id(one) not in new]).items():
            ear = self._ears.setdefault(whose, Ear(whose[2], self.key, lines[-1].at, self.limits))
            ear.hear_again(lines, now, was_settled=whose not in self._left_open)
        self._left_open = None

    def _hear(self, entries: Sequence[Entry], now: datetime) -> None:
        for whose, lines in _said(entries).items():
            if whose in self._ears or len(self._ears) < MOST_EARS:
                ear = self._ears.setdefault(whose, Ear(whose[2], self.key, lines[0].at, self.limits))
                ear.hear(lines, now)

    def _told(self, now: datetime) -> Iterator[Observation]:
        for (project, service, stream), ear in self._ears.items():
            of = {"service": service} | ({"project": project} if project else {})
            for one in ear.told(now):
                if one.fact == "log.flood" and stream != "stderr":
                    continue  # what is written on purpose is counted, and no alarm
                yield self._pad.note(one.fact, of | one.value, at=one.at, source=self.name)


def _said(entries: Sequence[Entry]) -> dict[Whose, list[LogLine]]:
    """Oldest first, as the entries are to be."""
    said: dict[Whose, list[LogLine]] = {}
    for one in sorted(entries, key=lambda entry: entry.nano):
        whose = _whose(dict(one.labels))
        at = _EPOCH + timedelta(microseconds=one.nano // 1000)
        said.setdefault(whose, []).append(LogLine(whose[2], at, one.text))
    return said


def _whose(labels: Mapping[str, str]) -> Whose:
    """By the labels that collectors usually set; what has none is one service."""
    service = next((labels[name] for name in SERVICE if labels.get(name)), "unnamed")
    project = next((labels[name] for name in PROJECT if labels.get(name)), "")
    return project, service, "stderr" if labels.get("stream") == "stderr" else "stdout"
