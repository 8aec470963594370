"""Log files that lie on a host: read on from where the last look ended, over the connection that is kept.

What logrotate and its kin do to a file (renaming it, copying and emptying it, compressing it) loses and doubles nothing,
as long as what was not read yet still lies beside it; what does not is told as no data. Nothing runs on the host between two
looks, and at most `BUDGET_BYTES` a look are brought. After a restart a little of what was told is heard again, and not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from outlive.clock import Clock
from outlive.commands import host_logs
from outlive.commands.host_logs import Brought, FileSeen, Listing, Wanted
from outlive.logs import rotated
from outlive.logs.ear import Ear
from outlive.logs.follow import shares
from outlive.logs.following import LEAST_BYTES, Following
from outlive.logs.places import Reading
from outlive.logs.taken import dated
from outlive.logs.tally import Limits
from outlive.model.log_file import LogFile
from outlive.model.observation import Channel, Observation
from outlive.transport.inside import UNANSWERED, Inside, why_unanswered
from outlive.witnesses.base import Pad

FACT = "log.seen"
BUDGET_BYTES = 512 << 10  # with what comes beside it, as base64, it fits into what one command may say
MOST_FILES = 20  # of one pattern, the newest


@dataclass(slots=True)
class Followed:
    """One log, and who listens to it. `ear` None: nothing was heard. `is_read`: what comes now came since the last look."""

    log: Following
    service: str
    stream: str
    open: bool
    is_read: bool = False
    ear: Ear | None = field(default=None, repr=False)


@dataclass(slots=True)
class HostLogWitness:
    """`key`: what fingerprints are made with. `remembered`: the `positions` of the reader before this one."""

    subject: str
    inside: Inside
    clock: Clock
    logs: Sequence[LogFile]
    key: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    timeout_seconds: float = 10.0
    remembered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _followed: dict[str, Followed] = field(default_factory=dict)
    _looked_at: datetime | None = None

    @property
    def what(self) -> str:
        return f"the log files at {self.subject}"

    @property
    def reader(self) -> str:
        return f"{self.subject} files"

    def positions(self) -> Mapping[str, Mapping[str, Any]]:
        """By path."""
        if self._looked_at is None:
            return self.remembered
        return {path: _noted(one) for path, one in self._followed.items() if one.log.place is not None}

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    async def look(self) -> list[Observation]:
        now = self.clock.now()
        try:
            globs = [glob for one in self.logs for glob in rotated.globs(one.path)]
            asked = await self.inside.run(host_logs.look(globs), self.timeout_seconds)
            listing = host_logs.read_look(asked.text)
            self._take_up(listing)
            await self._find()
            await self._read_on(listing, now)
        except UNANSWERED as error:
            return [self._pad.no_data(FACT, *why_unanswered(error))]
        self._looked_at = now
        return [*self._told(now), *self._missing()]

    @property
    def _pad(self) -> Pad:
        return Pad("log files", Channel.INSIDE, self.subject, self.clock)

    def _take_up(self, listing: Listing) -> None:
        """What came since the first look by a pattern, by whomever, is read from its beginning."""
        there = {path: one for one in self.logs for path in _paths(one, listing.files)}
        self._followed = {path: one for path, one in self._followed.items() if path in there}
        for path, log in there.items():
            if path not in self._followed:
                told = self.remembered.get(path) or {}
                following = Following.taken_up(path, self.key, told, fresh=self._is_new(log))
                is_open = told.get("open") is True
                self._followed[path] = Followed(following, log.service_of(path), log.stream, is_open)
            self._followed[path].log.look_at(listing.files)

    def _is_new(self, log: LogFile) -> bool:
        known = (*self._followed, *self.remembered)
        return log.is_pattern and any(rotated.matches(log.path, path) for path in known)

    async def _find(self) -> None:
        """The places that are not where they were."""
        lost = [(one.log, one.log.probes()) for one in self._followed.values()]
        answers = iter(await self._brought([each for _, probes in lost for each in probes]))
        for log, probes in lost:
            log.settle([(each, next(answers)) for each in probes])

    async def _brought(self, wanted: Sequence[Wanted]) -> list[Brought | None]:
        if not wanted:
            return []
        done = await self.inside.run(host_logs.read(wanted), self.timeout_seconds)
        return host_logs.read_pieces(done.text, wanted)

    async def _read_on(self, listing: Listing, now: datetime) -> None:
        grown = {path: one.log.reading(BUDGET_BYTES).grown_bytes for path, one in self._followed.items()}
        share = shares(grown, BUDGET_BYTES, LEAST_BYTES)
        readings = {path: self._followed[path].log.reading(share[path]) for path in share}
        answers = iter(await self._brought([piece for one in readings.values() for piece in one.pieces]))
        for path, reading in readings.items():
            brought = [next(answers) for _ in reading.pieces]
            self._hear(self._followed[path], reading, brought, listing.zone, now)
        for one in self._followed.values():
            one.log.seen()

    def _hear(
        self, one: Followed, reading: Reading, brought: Sequence[Brought | None], zone: timezone, now: datetime
    ) -> None:
        """What was written before this process began to look is heard, but not counted: nobody knows in how long a time."""
        before, lines = one.log.take_in(reading, brought)
        if not reading.pieces or (not before and not lines):
            return
        since = self._looked_at if one.is_read else None
        one.ear = one.ear or Ear(one.stream, self.key, since or now, self.limits)
        changed_at = reading.pieces[-1].file.changed_at
        if before:
            again = dated(before, one.stream, changed_at, now, None, zone)
            one.ear.hear_again(again, now, was_settled=not one.open)
        read = sum(len(got.data) for got in brought if got)
        unread = (read + reading.skipped_bytes) / read if read and one.is_read else float(one.is_read)
        one.ear.hear(dated(lines, one.stream, changed_at, now, since, zone), now, unread)
        one.is_read = True

    def _told(self, now: datetime) -> Iterator[Observation]:
        for one in self._followed.values():
            one.is_read = one.is_read or (one.log.place is not None and not one.log.resumed)
            for heard in one.ear.told(now) if one.ear else ():
                if heard.fact == "log.flood" and one.stream != "stderr":
                    continue  # what is written on purpose is counted, and no alarm
                yield self._pad.note(heard.fact, {"service": one.service} | heard.value, at=heard.at)

    def _missing(self) -> Iterator[Observation]:
        for path, one in self._followed.items():
            of = {"service": one.service, "stream": one.stream}
            if one.log.gap:
                why = f"{path} was rotated, and what had not been read lies nowhere beside it any more"
                yield self._pad.no_data(FACT, "behind", why, **of)
            elif one.log.is_unreadable:
                yield self._pad.no_data(FACT, "not_readable", f"{path} may not be read, or not be unpacked", **of)
            elif not one.log.chain:
                yield self._pad.no_data(FACT, "not_there", f"there is no file {path}", **of)


def _noted(one: Followed) -> dict[str, Any]:
    return one.log.noted() | {"open": one.ear is not None and not one.ear.is_settled}


def _paths(log: LogFile, files: Sequence[FileSeen]) -> list[str]:
    """The files that are a log in their own right; one that is named is one also while it is not there."""
    if not log.is_pattern:
        return [log.path]
    matched = [one for one in files if rotated.matches(log.path, one.path) and not one.is_packed]
    named = [one.path for one in matched]
    newest = sorted(matched, key=lambda one: one.changed_at, reverse=True)
    logs = [one.path for one in newest if not any(rotated.is_rotated_of(one.path, other) for other in named)]
    return logs[:MOST_FILES]
