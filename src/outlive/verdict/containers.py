"""What containers say about a service: does it run, does it loop, was it stopped, is only its health check broken. Pure.

A restart count alone lies: every manual start sets it to 0, every new container too, and a hung process has none at all
(research/watch.md 2.2). So deaths are counted, as the engine's own list of events tells them, and starts, by container and
moment of start, where it does not. What somebody ended by a command is no loop. Lives of 150 s to 10 minutes, which "more
than three in ten minutes" never sees, are a slow one when several ended in an error one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from outlive.model.observation import Observation
from outlive.verdict.evidence import field, number, text, when
from outlive.verdict.judging import Judging

_YOUNG = timedelta(seconds=150)  # lives shorter than this are a loop, if there were several
_SETTLED = timedelta(seconds=30)
_SLOW_WINDOW = timedelta(hours=1)
_SLOW_DEATHS = 3
_SLOW_LIFE_SECONDS = 600.0
_QUICK_SECONDS = (
    140.0  # lives that are shorter on average come to more than three restarts in ten minutes by themselves
)
_LONGEST_SECONDS = 1e9  # three decades: what is more was made up


def is_looping(looks: Sequence[Observation], settings: Judging) -> bool:
    """From all looks at one service, oldest first. A single look tells, when it was restarted often and just now."""
    newest, window = looks[-1], timedelta(seconds=settings.restart_window_seconds)
    recent = [one for one in looks if one.at >= newest.at - window]
    told = _deaths(newest)
    if told is None and len(_lives_since_it_was_well(recent)) > settings.restarts:
        return True
    own = _own_since_it_was_well(told or (), _lives(looks)[:-1])
    if _has_ended(newest, own):
        return False
    if _within(own, newest.at, window) > settings.restarts or _is_slow(newest, own):
        return True
    counts = [(text(field(one, "id")), number(field(one, "restart_count")) or 0.0) for one in recent]
    identity, count = counts[-1]
    grown = count - min(earlier for other, earlier in counts if other == identity)
    if told is not None:
        return grown > settings.restarts
    return grown >= settings.restarts or (count >= settings.restarts and is_young(newest))


def commanded_restarts(newest: Observation, settings: Judging) -> int:
    """How often it was ended by a command in the window: a person, a deploy, or a watchdog that hides a fault."""
    told = [one for one in newest_deaths(newest) if one.get("by") == "command"]
    return _within(told, newest.at, timedelta(seconds=settings.restart_window_seconds))


def own_restarts(newest: Observation, settings: Judging) -> int:
    """How often it ended by itself in the window."""
    told = [one for one in newest_deaths(newest) if one.get("by") != "command"]
    return _within(told, newest.at, timedelta(seconds=settings.restart_window_seconds))


def is_young(one: Observation) -> bool:
    started = when(field(one, "started_at"))
    return started is not None and timedelta(0) <= one.at - started <= _YOUNG


def is_dead(one: Observation) -> bool:
    """It ended, and not because its work was done."""
    code = number(field(one, "exit_code"))
    return code is not None and code != 0


def was_stopped(one: Observation) -> bool:
    """It does not run, because it was told to end and nothing has started it since."""
    told = newest_deaths(one)
    return number(field(one, "exit_code")) is not None and bool(told) and told[-1].get("by") == "command"


def is_unhealthy(one: Observation) -> bool:
    return bool(field(one, "health") == "unhealthy")


def lacks(one: Observation) -> str:
    """The program that its health check calls and that its image does not have; "" when it is not that."""
    said = field(one, "health_lacks")
    return said if isinstance(said, str) else ""


def killed_for_memory(looks: Iterable[Observation]) -> Iterator[Observation]:
    """Those whose last life, or a recent one, was ended for want of memory."""
    for one in looks:
        if field(one, "oom_killed") is True or any(death.get("oom") is True for death in newest_deaths(one)):
            yield one


def lost_children(one: Observation) -> int:
    """How many processes the kernel killed for memory in a container that lives on."""
    return int(number(field(one, "child_oom_kills")) or 0)


def newest_deaths(one: Observation) -> list[dict[str, Any]]:
    """As told with its state, oldest first."""
    return _deaths(one) or []


def life(death: dict[str, Any]) -> timedelta | None:
    seconds = number(death.get("lived_seconds"))
    return timedelta(seconds=seconds) if seconds is not None and 0 <= seconds <= _LONGEST_SECONDS else None


def _deaths(one: Observation) -> list[dict[str, Any]] | None:
    """Oldest first; None when nobody asked for events."""
    told = field(one, "deaths")
    return [death for death in told if isinstance(death, dict)] if isinstance(told, list) else None


def _lives(looks: Iterable[Observation]) -> list[tuple[datetime, datetime]]:
    """Of each life that was seen, in their order, when it began and until when it was seen to last. A reboot ends one
    without an event: the engine forgets with it."""
    until: dict[datetime, datetime] = {}
    for one in looks:
        began = when(field(one, "started_at"))
        if began is not None and not is_dead(one):
            until[began] = max(one.at, until.get(began, one.at))
    begun = [*sorted(until), datetime.max.replace(tzinfo=UTC)]
    return [(began, min(until[began], later)) for began, later in pairwise(begun)]


def _lives_since_it_was_well(looks: Iterable[Observation]) -> list[tuple[datetime, datetime]]:
    """Where nobody asked for events: lives, from the last on that was none of a loop's."""
    lives = _lives(looks)
    lengths = [(later - earlier).total_seconds() for (earlier, _), (later, _) in pairwise(lives)]
    for index in range(len(lives) - 2, 0, -1):
        began, until = lives[index]
        if until - began > 2 * _no_loop(lengths[:index]):
            return lives[index:]
    return lives


def _within(deaths: Iterable[dict[str, Any]], now: datetime, window: timedelta) -> int:
    moments = (when(one.get("at")) for one in deaths)
    return sum(at is not None and now - window <= at for at in moments)


def _has_ended(newest: Observation, own: Sequence[dict[str, Any]]) -> bool:
    """It has lived since then longer than it ever did in the loop: somebody has mended it, or what it needs is back. Who
    started it last is not asked: a restart by command in the pause between two attempts leaves no death."""
    started = when(field(newest, "started_at"))
    if not own or started is None or is_dead(newest):
        return False
    return newest.at - started > _long_enough(own)


def _own_since_it_was_well(
    told: Iterable[dict[str, Any]], lives: Sequence[tuple[datetime, datetime]]
) -> list[dict[str, Any]]:
    """The deaths that nobody ordered, without those of a loop that had ended before: before somebody restarted it once more,
    or before it ended after a life that is none of a loop's (a reboot ends every container). `lives`: those before the
    present one that were seen, also when nobody told of their end."""
    own: list[dict[str, Any]] = []
    for death in told:
        ordered, lived = death.get("by") == "command", life(death)
        if lived is not None and lived > (_long_enough(own) if ordered else 2 * _long_enough(own)):
            own = []
        if not ordered:
            own.append(death)
    for began, until in lives:
        before = [death for death in own if (at := when(death.get("at"))) is not None and at <= began]
        if before and until - began > 2 * _long_enough(before):
            own = [death for death in own if death not in before]
    return own


def _long_enough(loop: Iterable[dict[str, Any]]) -> timedelta:
    """A life that long is none of the loop's. The middle one counts: the first to end was the one before the loop."""
    return _no_loop([lived.total_seconds() for death in loop if (lived := life(death)) is not None])


def _no_loop(lives: Sequence[float]) -> timedelta:
    """A life longer than that is none of a loop's whose lives have these seconds."""
    return max(_SETTLED, timedelta(seconds=2 * median(lives or [0.0])))


def _is_slow(newest: Observation, own: Sequence[dict[str, Any]]) -> bool:
    """Each of the last lives was slow to end, in an error, within ten minutes, and the present one is no older yet."""
    started = when(field(newest, "started_at"))
    if number(field(newest, "exit_code")) is None and (started is None or newest.at - started > _YOUNG * 4):
        return False
    failed = [one for one in own if (number(one.get("exit_code")) or 0) != 0]
    lives = [number(one.get("lived_seconds")) for one in failed if _within([one], newest.at, _SLOW_WINDOW)]
    last = [one for one in lives[-_SLOW_DEATHS:] if one is not None and one < _SLOW_LIFE_SECONDS]
    return len(last) == _SLOW_DEATHS and sum(last) >= _SLOW_DEATHS * _QUICK_SECONDS
