"""What containers say about a service: does it run, does it loop, is only its health check broken. Pure.

A restart count alone lies: every manual start sets it to 0, every new container too, and a hung process has none at all
(research/watch.md 2.2). So starts are counted, by container and moment of start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from outlive.model.observation import Observation
from outlive.verdict.evidence import field, number, text, when

LOOP_WINDOW = timedelta(minutes=10)
LOOP_STARTS = 4  # three restarts and the first start
_YOUNG = timedelta(seconds=150)  # lives shorter than this are a loop, if there were several


def is_looping(looks: Sequence[Observation]) -> bool:
    """From all looks at one service, oldest first. A single look tells, when it was restarted often and just now."""
    newest = looks[-1]
    recent = [one for one in looks if one.at >= newest.at - LOOP_WINDOW]
    if len({(text(field(one, "id")), text(field(one, "started_at"))) for one in recent}) >= LOOP_STARTS:
        return True
    counts = [(text(field(one, "id")), number(field(one, "restart_count")) or 0.0) for one in recent]
    identity, count = counts[-1]
    grown = count - min(earlier for other, earlier in counts if other == identity)
    enough = LOOP_STARTS - 1
    return grown >= enough or (count >= enough and is_young(newest))


def is_young(one: Observation) -> bool:
    started = when(field(one, "started_at"))
    return started is not None and timedelta(0) <= one.at - started <= _YOUNG


def is_dead(one: Observation) -> bool:
    """It ended, and not because its work was done."""
    code = number(field(one, "exit_code"))
    return code is not None and code != 0


def is_unhealthy(one: Observation) -> bool:
    return bool(field(one, "health") == "unhealthy")


def was_killed_for_memory(looks: Iterable[Observation]) -> bool:
    return any(field(one, "oom_killed") is True for one in looks)
