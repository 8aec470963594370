"""A clock that moves only when told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Starts at a fixed moment; `sleep` moves it and returns at once."""

    def __init__(self, start: datetime = datetime(2026, 2, 7, 8, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._steady = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._steady

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Moves both clocks forward."""
        self._now += timedelta(seconds=seconds)
        self._steady += seconds

    def jump(self, seconds: float) -> None:
        """Moves the wall clock only, as an operator or a broken NTP does."""
        self._now += timedelta(seconds=seconds)
