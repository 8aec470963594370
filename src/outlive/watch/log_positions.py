"""How far each log was read, as the memory is to have it. Pure.

What a reader told and how far it had read are written together, so that after a restart nothing is told twice and nothing
is passed over. A position that does not change is written again once a day: what nobody has read for long is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from outlive.model.watching import LogPosition

AGAIN = timedelta(days=1)
Log = tuple[str, str]  # reader, and log


@dataclass(slots=True)
class LogPositions:
    """By reader and log. Not for several threads."""

    known: dict[Log, LogPosition] = field(default_factory=dict)
    _unwritten: dict[Log, LogPosition | None] = field(default_factory=dict)

    @classmethod
    def of(cls, remembered: Iterable[LogPosition]) -> LogPositions:
        return cls({(one.reader, one.log): one for one in remembered})

    def of_reader(self, reader: str) -> dict[str, Mapping[str, Any]]:
        """By log."""
        return {log: one.document for (whose, log), one in self.known.items() if whose == reader}

    def take(self, reader: str, logs: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
        """All that the reader reads, as far as it has told of it."""
        for log, document in logs.items():
            which, before = (reader, log), self.known.get((reader, log))
            if before is None or before.document != document or abs(now - before.at) >= AGAIN:
                self.known[which] = self._unwritten[which] = LogPosition(reader, log, now, dict(document))
        for which in [one for one in self.known if one[0] == reader and one[1] not in logs]:
            del self.known[which]
            self._unwritten[which] = None

    def unwritten(self) -> dict[Log, LogPosition | None]:
        """None for what is to be forgotten."""
        return dict(self._unwritten)

    def written(self, news: Mapping[Log, LogPosition | None]) -> None:
        """The memory has it; what has moved on meanwhile is still to be written."""
        for which, one in news.items():
            if which in self._unwritten and self._unwritten[which] is one:
                del self._unwritten[which]
