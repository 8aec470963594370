"""Which moment a position of the log stands for. Pure.

At `asked_at` (our clock) the server is asked how far it has flushed its log. Whatever it answers, every commit that it had
acknowledged before `asked_at` lies before that position. So once the vault has that much, every commit before `asked_at`
is in the vault, whatever any clock says. Only the order of asking counts: a clock that was set back moves the moments
back with it.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

from outlive.backup.log.wal_names import UNKNOWN

KEPT = 2000  # answers that wait for their log: with a vault that is away for a day, fewer and wider apart


class Moments:
    """Questions and what has come of them."""

    def __init__(self) -> None:
        self._open: deque[tuple[datetime, int]] = deque()
        self.until: datetime | None = None  # every commit before it is durable

    def answered(self, asked_at: datetime, position: int) -> None:
        """The server had flushed its log up to `position` at `asked_at` or later."""
        if len(self._open) >= KEPT:
            self._open = deque(list(self._open)[::2])
        self._open.append((asked_at, position))

    def durable(self, position: int) -> bool:
        """Everything before `position` is in the vault. True when that brought `until` on."""
        before = len(self._open)
        while self._open and self._open[0][1] <= position:
            self.until = self._open.popleft()[0]
        return len(self._open) < before

    def of(self, end: int) -> datetime:
        """The moment that log up to `end` stands for, once it is durable with all before it."""
        reached = [asked_at for asked_at, position in self._open if position <= end]
        return reached[-1] if reached else self.until or UNKNOWN

    def waits_for(self, received: int) -> bool:
        """True when all that an open question asks for has been received: then it is time to store it."""
        return bool(self._open) and self._open[0][1] <= received
