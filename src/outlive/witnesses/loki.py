"""What services write, as a store of logs has it: Grafana Loki, or what speaks its API.

Another road than the machine's: it goes on when the machine is silent, and it was all that was left of the first outage.
Loki's answers are paged by nanosecond; at most `MOST_PAGES` a look are brought, and what falls too far behind is given up,
and said. Where the answers come from one machine or from two that share labels, nobody can tell (research/watch.md 0).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

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

    @property
    def what(self) -> str:
        return f"the logs in {self.name}"

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    async def look(self) -> list[Observation]:
        now = self.clock.now()
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
            fresh, onward = self._pages.take(await self._page(api, start, end), self._limit, end)
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

    def _hear(self, entries: Sequence[Entry], now: datetime) -> None:
        said: dict[Whose, list[LogLine]] = {}
        for one in entries:
            whose = _whose(dict(one.labels))
            at = _EPOCH + timedelta(microseconds=one.nano // 1000)
            said.setdefault(whose, []).append(LogLine(whose[2], at, one.text))
        for whose, lines in said.items():
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


def _whose(labels: Mapping[str, str]) -> Whose:
    """By the labels that collectors usually set; what has none is one service."""
    service = next((labels[name] for name in SERVICE if labels.get(name)), "unnamed")
    project = next((labels[name] for name in PROJECT if labels.get(name)), "")
    return project, service, "stderr" if labels.get("stream") == "stderr" else "stdout"
