"""How a host's containers stand, asked in one cheap command, and how its answer is read.

The engine's own list of events is asked from where the last look ended: a `die` carries exit code and length of the life,
which no poll sees (research/watch.md 2.2). It remembers 256 events and forgets them when it restarts, so the state of every
container is asked as well. Neither environment nor labels but those of compose, which may hold secrets, leave the host;
what a health check said is read here and not kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FIRST_SECONDS = 3600  # how far back the first look asks for events
_LABEL = '{{json (index .Config.Labels "com.docker.compose.%s")}}'
# `.ID`, as the client calls it: a name that only the engine's document knows makes the client take that document, in which
# what is empty is missing.
_INSPECT = (
    '{"id":{{json .ID}},"name":{{json .Name}},"state":{{json .State}},"restarts":{{.RestartCount}},'
    '"policy":{{json .HostConfig.RestartPolicy.Name}},"log_path":{{json .LogPath}},'
    '"log":{{json .HostConfig.LogConfig.Type}},'
    f'"project":{_LABEL % "project"},"service":{_LABEL % "service"},"oneoff":{_LABEL % "oneoff"},'
    f'"number":{_LABEL % "container-number"},"folder":{_LABEL % "project.working_dir"},'
    f'"env_file":{_LABEL % "project.environment_file"}}}'
)
_EVENT = (
    '{"action":{{json .Action}},"id":{{json .Actor.ID}},"nano":{{.TimeNano}},'
    '"exit":{{json (index .Actor.Attributes "exitCode")}},"lived":{{json (index .Actor.Attributes "execDuration")}},'
    '"signal":{{json (index .Actor.Attributes "signal")}},'
    '"project":{{json (index .Actor.Attributes "com.docker.compose.project")}},'
    '"service":{{json (index .Actor.Attributes "com.docker.compose.service")}},'
    '"name":{{json (index .Actor.Attributes "name")}}}'
)
# The first four tell of lives and deaths; the others only that something is not as it was.
_ACTIONS = ("die", "oom", "kill", "start", "create", "destroy", "rename", "update", "pause", "unpause", "health_status")

# `now` is the host's own clock, by which its engine counts; a `date` without nanoseconds tells what is of its present second
# with the next look. A control group lives as long as its container's present life,
# so that a kill for memory in it, while the container runs, was a child's. Both drivers' names of groups are tried.
_LOOK = r"""
now=$(date +%s); until=$(date +%s.%N); since=$1; [ "$since" = - ] && since=$((now - FIRST))
case $until in *[!0-9.]*|*.) until=$now ;; esac
printf 'now\t%s\n' "$now"
seen=$(docker events --since "$since" --until "$until" --filter type=container FILTERS --format 'EVENT') || exit 1
if [ "$seen" ]; then printf '%s\n' "$seen" | while IFS= read -r v; do printf 'event\t%s\n' "$v"; done
elif [ "$2" = brief ]; then printf 'same\t\nend\t\n'; exit 0; fi
ids=$(docker ps --all --quiet --no-trunc) || exit 1
[ "$ids" ] && docker container inspect --format 'INSPECT' $ids | while IFS= read -r v; do printf 'container\t%s\n' "$v"; done
exec 2>/dev/null
for id in $ids; do for group in system.slice/docker-$id.scope docker/$id; do
  for file in /sys/fs/cgroup/$group/memory.events /sys/fs/cgroup/memory/$group/memory.oom_control; do
    [ -r "$file" ] && while read -r name count; do
      [ "$name" = oom_kill ] && printf 'oom\t%s\t%s\n' "$id" "$count"; done <"$file"
  done; done; done
printf 'end\t\n'
"""
_MISSING = (
    re.compile(r'exec: "([^"\s]{1,80})": (?:executable file not found|stat [^:]{1,80}: no such file)'),
    re.compile(r"exec: ([^\s:]{1,80}): not found"),
    re.compile(r"(?:^|[:\s])(?:\d{1,4}: )?([A-Za-z0-9_./+-]{1,80}): (?:command )?not found"),
)


@dataclass(frozen=True, slots=True)
class Seat:
    """Whose container it is: by compose project and service, which outlive every container; else its own name."""

    service: str
    project: str = ""


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One container as it stands. `exit_code` is None while it runs; `missing_program` is what its health check calls and
    its image does not have; `child_oom_kills`: how many processes of its present life the kernel killed for memory;
    `env_files`: where compose read the stack's own variables."""

    seat: Seat
    id: str
    started_at: str
    running: bool
    restart_count: int
    exit_code: int | None
    oom_killed: bool
    health: str
    failing_streak: int
    missing_program: str = ""
    policy: str = ""
    child_oom_kills: int = 0
    log_path: str = ""
    log_driver: str = ""
    env_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """`at` by the host's clock. `lived_seconds` and `exit_code` are a death's."""

    action: str
    id: str
    nano: int
    seat: Seat
    exit_code: int | None = None
    lived_seconds: float | None = None
    signal: str = ""

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.nano // 1_000_000_000, UTC)


@dataclass(frozen=True, slots=True)
class DockerLook:
    """`now` is the host's clock, in whole seconds: the next look begins there. `containers` None: the engine told of no
    change since the look before, and they were not asked."""

    now: int
    containers: tuple[ContainerState, ...] | None
    events: tuple[Event, ...]


def look(since: int | None, *, brief: bool = False) -> tuple[str, ...]:
    """The command. `since` is the `now` of the look before; None: an hour back. `brief`: when there was no event since then,
    nothing else is asked, which spares the host two of three starts of Docker's command line."""
    filters = " ".join(f"--filter event={action}" for action in _ACTIONS)
    script = _LOOK.replace("FIRST", str(FIRST_SECONDS)).replace("FILTERS", filters)
    script = script.replace("EVENT", _EVENT).replace("INSPECT", _INSPECT)
    return ("sh", "-c", script, "sh", "-" if since is None else str(since), "brief" if brief else "full")


def read_look(text: str) -> DockerLook:
    """Raises ValueError when it was cut off, or is no answer of that command."""
    lines = [line.split("\t", 2) for line in text.splitlines()]
    if not lines or lines[0][0] != "now" or len(lines[0]) < 2 or lines[-1][0] != "end":
        raise ValueError("the host did not answer as Docker's command line does")
    kills = {line[1]: int(line[2]) for line in lines if line[0] == "oom" and len(line) == 3 and _is_number(line[2])}
    found = [_json(line) for line in lines if line[0] == "container"]
    events = [_event(_json(line)) for line in lines if line[0] == "event"]
    is_same = any(line[0] == "same" for line in lines)
    return DockerLook(int(lines[0][1]), None if is_same else tuple(_states(found, kills)), tuple(events))


def missing_program(said: str) -> str:
    """The program that a failed health check calls and that is not there; "" when it failed for another reason. In the
    words of runc, dash, busybox and bash."""
    for pattern in _MISSING:
        if match := pattern.search(said):
            return match.group(1)
    return ""


def _json(line: Sequence[str]) -> dict[str, Any]:
    try:
        found = json.loads("\t".join(line[1:]))
    except RecursionError as error:
        raise ValueError("Docker gave no object") from error
    if not isinstance(found, dict):
        raise ValueError("Docker gave no object")
    return found


def _states(found: Sequence[dict[str, Any]], kills: dict[str, int]) -> Iterator[ContainerState]:
    """Without those that `compose run` made for once. The first of a service bears its name, further ones a number."""
    kept = [one for one in found if str(one.get("oneoff") or "").lower() != "true"]
    numbers: dict[Seat, int] = {}
    for one in sorted(kept, key=_order):
        seat = _seat(one)
        numbers[seat] = numbers.get(seat, 0) + 1
        many = seat if numbers[seat] == 1 else Seat(f"{seat.service}-{numbers[seat]}", seat.project)
        yield _state(one, many, kills)


def _order(one: dict[str, Any]) -> tuple[int, str]:
    number = str(one.get("number") or "")
    return int(number) if _is_number(number) else 0, str(one.get("name"))


def _seat(one: dict[str, Any]) -> Seat:
    name = str(one.get("name") or one.get("id") or "")
    return Seat(str(one.get("service") or name.lstrip("/")), str(one.get("project") or ""))


def _state(one: dict[str, Any], seat: Seat, kills: dict[str, int]) -> ContainerState:
    state = one["state"] if isinstance(one.get("state"), dict) else {}
    health = state["Health"] if isinstance(state.get("Health"), dict) else {}
    running = state.get("Running") is True and state.get("Restarting") is not True
    log = health["Log"] if isinstance(health.get("Log"), list) else []
    said = [str(entry.get("Output")) for entry in log if isinstance(entry, dict)]
    failing = str(health.get("Status")) == "unhealthy" or _count(health.get("FailingStreak")) > 0
    return ContainerState(
        seat=seat,
        id=str(one.get("id")),
        started_at=str(state.get("StartedAt") or ""),
        running=running,
        restart_count=_count(one.get("restarts")),
        exit_code=None if running or state.get("Status") == "created" else _count(state.get("ExitCode")),
        oom_killed=state.get("OOMKilled") is True,
        health=str(health.get("Status") or "none") if running else "none",
        failing_streak=_count(health.get("FailingStreak")),
        missing_program=missing_program(said[-1]) if said and failing else "",
        policy=str(one.get("policy") or ""),
        child_oom_kills=kills.get(str(one.get("id")), 0) if running else 0,
        log_path=str(one.get("log_path") or ""),
        log_driver=str(one.get("log") or ""),
        env_files=_env_files(one),
    )


def _env_files(one: dict[str, Any]) -> tuple[str, ...]:
    """Those that were named with `--env-file`, else the one beside the compose file."""
    folder = str(one.get("folder") or "")
    named = [path.strip() for path in str(one.get("env_file") or "").split(",")]
    found = [path for path in named if path] or [f"{folder}/.env"]
    return tuple(path for path in found if path.startswith("/") and folder)


def _event(one: dict[str, Any]) -> Event:
    exit_code, lived = str(one.get("exit") or ""), str(one.get("lived") or "")
    return Event(
        action=str(one.get("action")),
        id=str(one.get("id")),
        nano=_nano(one.get("nano")),
        seat=_seat(one),
        exit_code=int(exit_code) if _is_number(exit_code) else None,
        lived_seconds=float(lived) if _is_number(lived) else None,
        signal=str(one.get("signal") or ""),
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _is_number(text: str) -> bool:
    """Of so many digits that it means something."""
    return text.isascii() and text.isdigit() and len(text) < 19


def _nano(value: Any) -> int:
    """Raises ValueError: an event without a time says nothing."""
    nano = _count(value)
    if not 0 <= nano < 1 << 63:
        raise ValueError("Docker told of an event at no time")
    return nano
