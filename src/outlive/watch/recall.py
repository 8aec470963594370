"""What is known of everything that was seen: the present, and the past that it is compared with. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from outlive.model.observation import Observation
from outlive.model.stretch import Stretch

HORIZON = timedelta(days=7)  # of the past, so much is laid before the judge; and the last sight of everything
AHEAD = timedelta(seconds=30)  # what is later than that was written down by a clock that has been put back since


class Recall:
    """Stretches by what they are of. Not for several threads."""

    def __init__(self, stretches: Iterable[Stretch] = ()) -> None:
        self._past: dict[str, list[Stretch]] = {}
        for one in sorted(stretches, key=lambda stretch: stretch.first.at):
            self._past.setdefault(one.key, []).append(one)
        self._unwritten: dict[tuple[str, datetime], Stretch] = {}

    def add(self, observations: Iterable[Observation]) -> None:
        for one in observations:
            fresh = Stretch.of(one)
            known = self._past.setdefault(fresh.key, [])
            longer = known[-1].with_next(one) if known else None
            if longer is None:
                known.append(fresh)
            else:
                known[-1] = longer
            self._unwritten[fresh.key, known[-1].first.at] = known[-1]

    def unwritten(self) -> list[Stretch]:
        """What has changed since `written` was called last."""
        return list(self._unwritten.values())

    def written(self, stretches: Iterable[Stretch]) -> None:
        """Those are in the memory now; what was lengthened meanwhile is still to be written."""
        for one in stretches:
            if self._unwritten.get((one.key, one.first.at)) is one:
                del self._unwritten[one.key, one.first.at]

    def present(self) -> list[Observation]:
        """The last sight of everything."""
        return [one[-1].last for one in self._past.values()]

    def evidence(self, now: datetime) -> list[Observation]:
        """For the judge: first and last sight of every stretch that reaches into the horizon; but nothing of the future,
        which would outweigh all that is seen now, until that time has come."""
        edge, latest = now - HORIZON, now + AHEAD
        found: list[Observation] = []
        for key, stretches in self._past.items():
            recent = [one for one in stretches if one.last.at >= edge] or stretches[-1:]
            self._past[key] = recent
            found += [seen for one in recent for seen in one.observations if seen.at <= latest]
        return found
