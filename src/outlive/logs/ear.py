"""Listens to one stream of one service: how much it writes, and what stands in it that means something. Pure but for what
it remembers.

Text is not kept. What the leak rules find leaves here as rule, count and keyed fingerprint; well-known lines that many
misread (`leaks/rules/signatures.toml`) as signatures. An error object that is printed again and again is one error with a
count: its process id, when it is always the same, says that this is no crash loop (research/watch.md 0).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from outlive.commands.log_files import LogLine
from outlive.leaks import rules, sieves
from outlive.leaks.finding import Finding, Severity
from outlive.leaks.scanner import Scanner
from outlive.logs.tally import Limits, Tally, rounded

KILLED = "child-process-killed"
_MOST_PIDS = 50
_RECENT = timedelta(minutes=10)  # what is older, at a first look, is told as of then
_SILENCE = (
    b"\n" * 128
)  # ends whatever the rules were still waiting for, once a stream is quiet or was looked at only once
_OBJECT = re.compile(
    rb"signal\\?['\"]?:[ ]?\\?['\"]SIG[A-Z]{3,6}[^{}]{0,300}?(?<![A-Za-z0-9_])pid\\?['\"]?:[ ]?(\d{1,10})"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact to be told. `at` None: now."""

    fact: str
    value: dict[str, Any]
    at: datetime | None = None


class Ear:
    """`key`: what fingerprints are made with. `since`: the time of the first line that is heard."""

    def __init__(self, stream: str, key: bytes, since: datetime, limits: Limits) -> None:
        self.stream = stream
        self._limits = limits
        self._tally = Tally(since)
        self._key = key
        self._scanner: Scanner | None = None
        self._newest: datetime | None = None
        self._told_newest: datetime | None = None
        self._told: dict[tuple[str, str], int] = {}
        self._pids: dict[int, int] = {}
        self._grown: dict[str, tuple[int, datetime]] = {}  # of each signature: the count, and when it last grew
        self._goes_on = False  # lines came since it was asked last: what they begin may not be whole
        self._was_asked = False
        self._is_open = False

    def hear(self, lines: Sequence[LogLine], now: datetime, unread: float = 1.0) -> None:
        """`unread` (1 or more): how many times as much was written as is handed over."""
        if not lines:
            return
        self._scanner = self._scanner or Scanner(key=self._key, now=now, sieve=_sieve())
        for one in lines:
            self._tally.add(min(one.at, now), (len(one.text) + 1) * unread, unread)
        self._newest = max((self._newest or lines[0].at), *(one.at for one in lines))
        recent = next((index for index, one in enumerate(lines) if one.at >= now - _RECENT), len(lines))
        for part in (lines[:recent], lines[recent:]):
            if part:
                self._read(part)
        self._goes_on, self._is_open = self._was_asked, True

    def hear_again(self, lines: Sequence[LogLine], now: datetime, *, was_settled: bool) -> None:
        """Lines that were heard and told before a restart: nothing of them is counted or told again, but for what begins in
        them and was not whole (unless everything `was_settled`)."""
        self._scanner = self._scanner or Scanner(key=self._key, now=now, sieve=_sieve())
        self._newest = self._told_newest = max(one.at for one in lines)
        self._read(lines)
        self._pids.clear()
        if was_settled:
            self._settle()
        for one in self._scanner.findings:
            self._told[one.rule, one.fingerprint] = one.count
        for rule, count in self._counts().items():
            self._told[rule, ""] = count
        self._is_open = not was_settled

    @property
    def is_settled(self) -> bool:
        """Nothing is waited for: everything that was heard was told."""
        return not self._is_open

    def _settle(self) -> None:
        assert self._scanner
        self._scanner.feed(_SILENCE)
        self._scanner.settle()
        self._is_open = False

    def _read(self, lines: Sequence[LogLine]) -> None:
        assert self._scanner
        text = b"\n".join(one.text for one in lines) + b"\n"
        self._scanner.feed(text)
        self._scanner.settle()
        for match in _OBJECT.finditer(text):
            pid = int(match.group(1))
            if pid in self._pids or len(self._pids) < _MOST_PIDS:
                self._pids[pid] = self._pids.get(pid, 0) + 1
        for rule, count in self._counts().items():
            if count > self._grown.get(rule, (0, lines[0].at))[0]:
                self._grown[rule] = count, lines[-1].at

    def told(self, now: datetime) -> Iterator[Heard]:
        """What is new since it was asked last; a flood as long as it lasts."""
        if self._scanner and not self._goes_on:
            self._settle()
        self._goes_on, self._was_asked = False, True
        if self._newest is not None and self._newest != self._told_newest:
            self._told_newest = self._newest
            yield Heard("log.seen", {"stream": self.stream}, min(self._newest, now))
        flood = self._tally.flood(now, self._limits)
        if flood is not None:
            usual = flood.usual_bytes_per_minute
            rates = {"bytes_per_minute": flood.bytes_per_minute, "lines_per_minute": flood.lines_per_minute}
            yield Heard("log.flood", {"stream": self.stream, **rates, "usual_bytes_per_minute": usual})
        yield from self._signatures(now)

    def _signatures(self, now: datetime) -> Iterator[Heard]:
        for one in self._scanner.findings if self._scanner else ():
            grave = one.rule not in signatures() and one.severity >= Severity.LOW
            if grave and self._is_news((one.rule, one.fingerprint), one.count):
                yield Heard("log.leak", _leak(one))
        for rule, count in self._counts().items():
            if self._is_news((rule, ""), count):
                detail = {"detail": self._which()} if rule == KILLED and self._pids else {}
                at = self._grown[rule][1] if self._grown.get(rule, (0,))[0] == count else self._newest
                said = {"signature": rule, "count": rounded(count), **detail}
                yield Heard("log.signature", said, min(at or now, now))

    def _counts(self) -> dict[str, int]:
        """How often each signature was heard."""
        counts: dict[str, int] = {}
        for one in self._scanner.findings if self._scanner else ():
            if one.rule in signatures():
                counts[one.rule] = counts.get(one.rule, 0) + one.count
        return counts

    def _which(self) -> dict[str, int]:
        """The one process that all of them name, or how many there are."""
        return {"pid": next(iter(self._pids))} if len(self._pids) == 1 else {"pids": len(self._pids)}

    def _is_news(self, what: tuple[str, str], count: int) -> bool:
        before, self._told[what] = self._told.get(what, 0), count
        return count > before


@cache
def signatures() -> dict[str, str]:
    """Lines that everybody meets and many misread, by rule: what they mean."""
    told = rules.read("signatures")
    return {one["id"]: one["explanation"] for kind in ("rule", "group") for one in told.get(kind, ())}


def _leak(one: Finding) -> dict[str, Any]:
    told = {
        "rule": one.rule,
        "severity": one.severity.word,
        "fingerprint": one.fingerprint,
        "count": rounded(one.count),
    }
    return told | ({"compromise": True} if one.compromise else {})


def _sieve() -> Callable[..., Any]:
    """The one that is ready at once: a followed log is a few kilobytes a look."""
    return sieves.plain
