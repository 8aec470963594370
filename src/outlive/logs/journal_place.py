"""How far a host's journal was read: where a look begins, and what of its answer is new. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from outlive.commands import journal
from outlive.commands.journal import Answer, Entry

MOST_BEHIND = 20  # looks in a row that do not reach the end; then the rest is given up

GONE = "the journal no longer holds the entry up to which it was read: what came after it may have been vacuumed away"
BEHIND = "more is written than may be read: what had not been read yet was given up"
LONG = "entries were too long to be read"


@dataclass(slots=True)
class JournalPlace:
    """`cursor`: of the newest entry that was read; `since`, by the host's clock, where there was none yet. With neither it
    is begun now: what was written before is not read. `gap`: why lines of the last look were lost."""

    cursor: str | None = None
    since: datetime | None = None
    gap: str = ""
    looks_behind: int = 0
    _is_short: bool = False  # nothing came of it, because one entry is longer than a look: without long texts

    @classmethod
    def taken_up(cls, told: Mapping[str, Any] | None) -> JournalPlace:
        """From what `noted` gave; what cannot be read is none."""
        cursor, since = (told or {}).get("cursor"), (told or {}).get("since")
        if journal.is_cursor(cursor):
            return cls(cursor)
        if isinstance(since, int) and 0 < since < 1 << 34:
            return cls(None, datetime.fromtimestamp(since, UTC))
        return cls()

    def noted(self) -> dict[str, Any]:
        """As JSON; nothing before there is a place."""
        if self.cursor is not None:
            return {"cursor": self.cursor}
        return {} if self.since is None else {"since": int(self.since.timestamp())}

    @property
    def is_known(self) -> bool:
        return self.cursor is not None or self.since is not None

    @property
    def start(self) -> str:
        if self.cursor is not None:
            return journal.at_cursor(self.cursor)
        return journal.NEWEST if self.since is None else journal.since(self.since)

    @property
    def is_whole(self) -> bool:
        return not self._is_short

    def take(self, answer: Answer) -> list[Entry]:
        """What is new in the answer, which is one without trouble, to a question that began at `start`."""
        self.gap = ""
        if not self.is_known:
            return self._begin(answer)
        fresh = self._fresh(answer)
        if answer.is_cut and not fresh:
            return self._too_long(answer)
        if any(one.lines is None for one in fresh):
            self.gap = LONG
        self._is_short = False
        if fresh:
            self.cursor, self.since = fresh[-1].cursor, None
        elif self.cursor is None and self.since is not None:
            self.since = min(self.since, answer.asked_at)  # a clock that was set back
        self._keep_up(answer.is_cut)
        return [one for one in fresh if one.lines is not None]

    def _begin(self, answer: Answer) -> list[Entry]:
        newest = answer.entries[-1] if answer.entries else None
        self._is_short, self.looks_behind = answer.is_cut and newest is None, 0
        if newest is not None:
            self.cursor = newest.cursor
        elif not answer.is_cut:
            self.since = answer.asked_at
        return []

    def _fresh(self, answer: Answer) -> list[Entry]:
        entries = list(answer.entries)
        if self.cursor is None:
            return entries
        if entries and journal.is_same(entries[0].cursor, self.cursor):
            return entries[1:]
        if answer.is_cut and not entries:
            return []
        self.gap, before = GONE, journal.moment(self.cursor)
        fresh = [one for one in entries if one.at > before]
        if not fresh:
            self.cursor = self.since = None
        return fresh

    def _too_long(self, answer: Answer) -> list[Entry]:
        """One entry fills a look. When it does so without its long texts as well, nothing can be made of it."""
        if self._is_short:
            self.gap, self.cursor, self.since = LONG, None, None
        self._is_short = not self._is_short
        return []

    def _keep_up(self, is_cut: bool) -> None:
        self.looks_behind = self.looks_behind + 1 if is_cut else 0
        if self.looks_behind >= MOST_BEHIND:
            self.gap, self.cursor, self.since, self.looks_behind = BEHIND, None, None, 0
