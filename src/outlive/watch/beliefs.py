"""From the verdicts of single judgements to what is believed of each host. Pure.

Judgements come whenever something was seen; looks, of which two settle a change (`verdict.steady`), are as far apart as the
host is asked. So several judgements within one interval are one look, and the last of them counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from outlive.model.verdict import Name
from outlive.model.watching import Judged
from outlive.verdict.steady import Look, Settled, next_look_seconds, settled

MOST_LOOKS = 40
FRESH = timedelta(minutes=10)  # what was believed so long ago is believed after a restart
SLOT = 0.8  # of an interval: looks are never exactly in time


class Beliefs:
    """Remembers the last looks of each host."""

    def __init__(self, standing: Iterable[Judged] = (), now: datetime | None = None) -> None:
        self._looks: dict[str, deque[Look]] = {}
        self._settled: dict[str, Settled | None] = {}
        for one in standing:
            if now is not None and now - one.judged_at <= FRESH:
                since = min(one.since, one.judged_at - timedelta(seconds=1))
                seed = [Look(since, Name(one.verdict)), Look(one.judged_at, Name(one.verdict))]
                self._looks[one.host] = deque(seed, MOST_LOOKS)
                self._settled[one.host] = settled(seed)

    def see(self, host: str, name: Name, at: datetime, every_seconds: float) -> Settled:
        """What is believed after one more judgement."""
        looks = self._looks.setdefault(host, deque(maxlen=MOST_LOOKS))
        slot = timedelta(seconds=SLOT * self.interval_seconds(host, every_seconds))
        if looks and at - looks[-1].at < slot:
            looks[-1] = Look(looks[-1].at, name)
        else:
            looks.append(Look(at, name))
        found = settled(looks)
        assert found is not None
        self._settled[host] = found
        return found

    def interval_seconds(self, host: str, every_seconds: float) -> float:
        """How far apart looks at the host are now: closer while a change is not settled."""
        known = self._settled.get(host)
        return min(every_seconds, next_look_seconds(every_seconds, known)) if host in self._settled else every_seconds

    @property
    def is_pending(self) -> bool:
        """Whether a change of any host is not settled."""
        return any(one is not None and one.pending is not None for one in self._settled.values())
