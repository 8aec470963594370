"""Which lives of containers ended, and how, from the engine's events. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.commands.docker_look import Event, Seat

_SOFT_SIGNALS = ("1", "10", "12", "28")  # HUP, USR1, USR2, WINCH: said to a process that is to go on
_HAND_SECONDS = 60.0  # docker stop waits ten seconds, compose may be told to wait longer
_OOM_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Death:
    """A life that ended. `by_command`: somebody, or a program, told the engine to end it. `oom`: killed for memory."""

    seat: Seat
    id: str
    at: datetime
    exit_code: int | None
    lived_seconds: float | None
    by_command: bool
    oom: bool


def deaths(events: Sequence[Event]) -> list[Death]:
    """The deaths among them, oldest first, each once, with what was told about it around its moment."""
    ordered = sorted(set(events), key=lambda one: one.nano)
    return [_death(one, ordered) for one in ordered if one.action == "die"]


def _death(one: Event, ordered: Sequence[Event]) -> Death:
    same = [other for other in ordered if other.id == one.id]
    started = max((other.nano for other in same if other.action == "start" and other.nano < one.nano), default=0)
    killed = [
        other
        for other in same
        if other.action == "kill" and other.signal not in _SOFT_SIGNALS and started <= other.nano <= one.nano
    ]
    oom = any(other.action == "oom" and abs(other.nano - one.nano) <= _OOM_SECONDS * 1e9 for other in same)
    lived = one.lived_seconds if one.lived_seconds is not None or not started else (one.nano - started) / 1e9
    by_command = any(one.nano - other.nano <= _HAND_SECONDS * 1e9 for other in killed)
    return Death(one.seat, one.id, one.at, one.exit_code, lived, by_command, oom)
