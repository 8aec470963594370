"""How often a password may be tried. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

FREE_TRIES = 5
WITHIN = timedelta(minutes=15)
LONGEST_SECONDS = 900.0


def wait_seconds(failures: Sequence[datetime], now: datetime) -> float:
    """How long the next try must still wait. Five wrong ones within a quarter of an hour are free; each further one
    doubles the pause, from 10 s to a quarter of an hour. Failures from the future (a clock that jumped) count as now."""
    recent = [min(one, now) for one in failures if now - one < WITHIN]
    over = len(recent) - FREE_TRIES
    if over < 0:
        return 0.0
    pause = min(10.0 * float(1 << over), LONGEST_SECONDS)
    return max(0.0, pause - (now - max(recent)).total_seconds())
