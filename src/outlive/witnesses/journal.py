"""The systemd journal of a host: where Debian 12 and later, and small Ubuntu servers, keep what auth.log held.

Read on from where the last look ended, over the connection that is kept, one command a look and at most `BUDGET_BYTES`.
The first look begins now. Whoever may not read it all is told so: it is never taken for silence. What a rule was still
waiting for when the keeper ended (the second line of two) is not heard again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from outlive.clock import Clock
from outlive.commands import journal
from outlive.commands.journal import Answer, Entry
from outlive.commands.log_files import LogLine
from outlive.logs.ear import Ear
from outlive.logs.journal_place import JournalPlace
from outlive.logs.tally import Limits
from outlive.model.journal import Journal
from outlive.model.observation import Channel, Observation
from outlive.transport.inside import UNANSWERED, Inside, why_unanswered
from outlive.witnesses.base import Pad

FACT = "log.seen"
BUDGET_BYTES = 512 << 10


@dataclass(slots=True)
class Followed:
    """One selection, and who listens to it. `caught_up_at`: when everything up to then had been read."""

    journal: Journal
    place: JournalPlace
    ear: Ear | None = field(default=None, repr=False)
    caught_up_at: datetime | None = None
    answer: Answer | None = None

    @property
    def key(self) -> str:
        """Of another selection the place says nothing."""
        return sha256("\n".join(self.journal.matches).encode()).hexdigest()


@dataclass(slots=True)
class JournalWitness:
    """`key`: what fingerprints are made with. `remembered`: the `positions` of the reader before this one."""

    subject: str
    inside: Inside
    clock: Clock
    journals: Sequence[Journal]
    key: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    timeout_seconds: float = 10.0
    remembered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _followed: list[Followed] = field(default_factory=list)

    @property
    def what(self) -> str:
        return f"the journal at {self.subject}"

    @property
    def reader(self) -> str:
        return f"{self.subject} journals"

    def positions(self) -> Mapping[str, Mapping[str, Any]]:
        """By a hash of what is selected."""
        if not self._followed:
            return self.remembered
        return {one.key: noted for one in self._followed if (noted := one.place.noted())}

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    async def look(self) -> list[Observation]:
        for one in self.journals if not self._followed else ():
            made = Followed(one, JournalPlace())
            made.place = JournalPlace.taken_up(self.remembered.get(made.key))
            self._followed.append(made)
        try:
            for each in self._followed:
                await self._read_on(each)
        except UNANSWERED as error:
            return [self._pad.no_data(FACT, *why_unanswered(error))]
        now = self.clock.now()
        return [told for one in self._followed for told in self._told(one, now)]

    @property
    def _pad(self) -> Pad:
        return Pad("journal", Channel.INSIDE, self.subject, self.clock)

    async def _read_on(self, one: Followed) -> None:
        place, one.answer = one.place, None
        asked = journal.look(one.journal.matches, place.start, BUDGET_BYTES, is_whole=place.is_whole)
        done = await self.inside.run(asked, self.timeout_seconds)
        answer, now = journal.read_look(done.stdout, BUDGET_BYTES), self.clock.now()
        one.answer = answer
        if answer.trouble:
            return
        lines = self._dated(place.take(answer), answer, one, now)
        if lines:
            one.ear = one.ear or Ear(one.journal.stream, self.key, lines[0].at, self.limits)
            one.ear.hear(lines, now)
        one.caught_up_at = None if answer.is_cut or place.gap else now

    def _dated(self, entries: Sequence[Entry], answer: Answer, one: Followed, now: datetime) -> list[LogLine]:
        """By our clock: the host's may be wrong, or be set while we look. What came since a look that had read everything
        came after it."""
        found = []
        for entry in entries:
            at = min(now, entry.at - _ahead(answer, now))
            at = max(at, one.caught_up_at) if one.caught_up_at else at
            found += [LogLine(one.journal.stream, at, text) for text in entry.lines or ()]
        return found

    def _told(self, one: Followed, now: datetime) -> Iterator[Observation]:
        of: dict[str, Any] = {"service": one.journal.service}
        answer, stream = one.answer, {"stream": one.journal.stream}
        if answer is not None and answer.trouble:
            yield self._pad.no_data(FACT, answer.trouble, answer.why, **of, **stream)
        elif one.place.gap:
            yield self._pad.no_data(FACT, "behind", f"lines were lost: {one.place.gap}", **of, **stream)
        elif answer is not None and answer.entries:
            newest = min(now, answer.entries[-1].at - _ahead(answer, now))
            yield self._pad.note(FACT, of | stream, at=newest)  # every time: it ends what was no data
        for heard in one.ear.told(now) if one.ear else ():
            if heard.fact == FACT or (heard.fact == "log.flood" and one.journal.stream != "stderr"):
                continue  # what is written on purpose is counted, and no alarm
            yield self._pad.note(heard.fact, of | heard.value, at=heard.at)


def _ahead(answer: Answer, now: datetime) -> timedelta:
    """By how much the host's clock is fast; seconds are all that it tells."""
    ahead = answer.asked_at - now
    return ahead if abs(ahead) > timedelta(seconds=2) else timedelta()
