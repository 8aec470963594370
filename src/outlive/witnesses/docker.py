"""How the containers of a host stand: which run, since when, how those ended that ended, and what their health says.

Keyed by compose project and service, so that a container made anew is the same service (research/watch.md 2.2). Nothing is
judged here: the newest deaths of each service are told with its state, so that a single look can tell a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from outlive.clock import Clock
from outlive.commands import docker_deaths, docker_look
from outlive.commands.docker_deaths import Death
from outlive.commands.docker_look import ContainerState, DockerLook, Event, Seat
from outlive.model.observation import Channel, Observation, rfc3339
from outlive.transport.inside import UNANSWERED, Inside, why_unanswered
from outlive.witnesses.base import Pad

FACT = "container"
MEMORY = timedelta(hours=1)
MOST_DEATHS = 20
WHOLE_EVERY = 4  # looks: what no event tells, such as how often a health check failed in a row, is asked so often
MOST_STREAK = 10


class DockerWitness:
    """Of one place: `tell` is given what was seen (for who reads the services' logs)."""

    def __init__(
        self,
        subject: str,
        inside: Inside,
        clock: Clock,
        timeout_seconds: float = 10.0,
        tell: Callable[[tuple[ContainerState, ...]], None] = lambda seen: None,
    ) -> None:
        self._pad = Pad("docker", Channel.INSIDE, subject, clock)
        self._inside = inside
        self._timeout = timeout_seconds
        self._tell = tell
        self._since: int | None = None
        self._events: dict[Event, None] = {}
        self._containers: tuple[ContainerState, ...] = ()
        self._brief = 0  # how many looks in a row asked for events alone

    @property
    def what(self) -> str:
        return f"the containers at {self._pad.subject}"

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    async def look(self) -> list[Observation]:
        try:
            brief = self._since is not None and self._brief < WHOLE_EVERY - 1
            done = await self._inside.run(docker_look.look(self._since, brief=brief), self._timeout)
            seen = docker_look.read_look(done.text)
        except ValueError as error:
            self._since = None  # what was not told meanwhile is asked whole
            return [self._pad.no_data(FACT, "no_docker", _last_line(done.stderr) or str(error))]
        except UNANSWERED as error:
            return [self._pad.no_data(FACT, *why_unanswered(error))]
        self._remember(seen)
        self._tell(self._containers)
        return list(self._notes())

    def _remember(self, seen: DockerLook) -> None:
        """The same event may come twice: the seconds of two looks touch."""
        self._since = seen.now
        self._brief = self._brief + 1 if seen.containers is None else 0
        if seen.containers is not None:
            self._containers = seen.containers
        edge = (seen.now - MEMORY.total_seconds()) * 1e9
        self._events = {one: None for one in (*self._events, *seen.events) if one.nano >= edge}

    def _notes(self) -> Iterator[Observation]:
        ended: dict[Seat, list[Death]] = {}
        for death in docker_deaths.deaths(tuple(self._events)):
            ended.setdefault(death.seat, []).append(death)
        for one in self._containers:
            yield self._pad.note(FACT, value(one, ended.get(one.seat, [])))
        yield self._pad.note("containers", {"running": sum(one.running for one in self._containers)})


def value(one: ContainerState, ended: list[Death]) -> dict[str, Any]:
    """As the vocabulary has it. What says nothing is left out, so that what does not change stays one row of memory."""
    told: dict[str, Any] = {
        "service": one.seat.service,
        "project": one.seat.project,
        "id": one.id[:12],
        "started_at": one.started_at,
        "restart_count": one.restart_count,
        "oom_killed": one.oom_killed,
        "exit_code": one.exit_code,
        "health": one.health,
        "restart_policy": one.policy,
        "deaths": [_death(death) for death in ended[-MOST_DEATHS:]],
    }
    further = {
        "health_failing": min(one.failing_streak, MOST_STREAK) if one.health != "none" else 0,
        "health_lacks": one.missing_program,
        "child_oom_kills": one.child_oom_kills,
    }
    return told | {name: said for name, said in further.items() if said}


def _death(one: Death) -> dict[str, Any]:
    return {
        "at": rfc3339(one.at),
        "exit_code": one.exit_code,
        "lived_seconds": None if one.lived_seconds is None else round(one.lived_seconds),
        "by": "command" if one.by_command else "itself",
    } | ({"oom": True} if one.oom else {})


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip()[:200] if lines else ""
