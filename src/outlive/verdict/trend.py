"""When something will be used up, from what was seen of it. Pure.

The slope is the median of the slopes between all pairs (Theil and Sen): a backup that was written and deleted, or one
clean-up, bends it little, as it would a straight line through all points.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

LEAST_SPAN = timedelta(hours=1)
LEAST_POINTS = 4
_MOST_POINTS = 60


def empty_at(points: Sequence[tuple[datetime, float]], now: datetime) -> datetime | None:
    """When what is left comes to nothing if it goes on so. `points` (time, what is left), oldest first. None when it does
    not shrink, or when too little was seen to say: fewer than four sights, over less than an hour, or a decline that less
    than three quarters of the pairs show."""
    kept = _thinned(points)
    if len(kept) < LEAST_POINTS or kept[-1][0] - kept[0][0] < LEAST_SPAN:
        return None
    slopes = [
        (later - earlier) / (at - before).total_seconds()
        for index, (before, earlier) in enumerate(kept)
        for at, later in kept[index + 1 :]
        if at > before
    ]
    slope = median(slopes)
    if slope >= 0 or sum(one < 0 for one in slopes) < 0.75 * len(slopes):
        return None
    seconds = kept[-1][1] / -slope
    return now + timedelta(seconds=seconds) if seconds < 10 * 365 * 86400 else None


def _thinned(points: Sequence[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    """At most so many, evenly spread, the newest always: pairs are many."""
    if len(points) <= _MOST_POINTS:
        return list(points)
    step = (len(points) - 1) / (_MOST_POINTS - 1)
    return [points[round(index * step)] for index in range(_MOST_POINTS)]
