"""Counts how checks answer and how far streams of log are behind. Fed by several threads; the loop writes it down."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from outlive.model.observation import Observation
from outlive.model.tally import LOG, Tally, of_look, tally
from outlive.state.tallies import Tallies

KEPT = timedelta(days=8)


class Counting:
    """What was counted since it was written last is in memory: a kill loses those seconds, and no more."""

    def __init__(self, memory: Tallies) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._fresh: dict[tuple[str, str, datetime], Tally] = {}

    def looked(self, host: str, seen: Iterable[Observation]) -> None:
        """At a host. Returns at once."""
        self._add(one for one in (of_look(host, each) for each in seen) if one is not None)

    def behind(self, asset: str, until: datetime | None, now: datetime, why: str) -> None:
        """A stream, whose log is in the vault `until` then. Returns at once."""
        seconds = None if until is None else (now - until).total_seconds()
        self._add([tally(asset, LOG, now, seconds, why)])

    def write(self, now: datetime) -> None:
        """Raises what the store raises; then all is kept for the next time."""
        with self._lock:
            fresh, self._fresh = self._fresh, {}
        try:
            self._memory.add(fresh.values())
        except Exception:
            self._add(fresh.values())
            raise
        self._memory.prune(now - KEPT)

    def _add(self, tallies: Iterable[Tally]) -> None:
        with self._lock:
            for one in tallies:
                key = (one.subject, one.check, one.at)
                self._fresh[key] = self._fresh[key] + one if key in self._fresh else one
