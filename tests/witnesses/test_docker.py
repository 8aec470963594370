"""The witness of containers, before a real engine: what it tells of lives, deaths, restarts and broken health checks."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from outlive.clock import SystemClock
from outlive.lab.ground.process import wait_until
from outlive.model.observation import Observation
from outlive.transport import aprocess
from outlive.transport.base import Completed
from outlive.verdict.containers import is_looping
from outlive.verdict.judging import Judging
from outlive.witnesses.docker import DockerWitness
from tests.world.docker import DockerEngine
from tests.world.images import busybox

pytestmark = [pytest.mark.docker, pytest.mark.slow]


class Here:
    """Docker's command line of this machine, also where another one comes first in the path."""

    def __init__(self, engine: DockerEngine) -> None:
        self._folder = engine.client.rpartition("/")[0]

    async def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        script = f'PATH={self._folder}:$PATH exec "$@"'
        return await aprocess.run(("sh", "-c", script, "sh", *argv), timeout_seconds=timeout_seconds)


class Stack:
    """Containers of a project of its own, as compose would label them, and the witness that looks at them."""

    def __init__(self, engine: DockerEngine) -> None:
        self.engine, self.project, self.image = engine, f"p{uuid.uuid4().hex[:8]}", busybox(engine)
        self.witness = DockerWitness("web-1", Here(engine), SystemClock(), 30)
        self.seen: list[Observation] = []

    def run(self, service: str, script: str, *options: str) -> str:
        labels = {"project": self.project, "service": service, "oneoff": "False", "container-number": "1"}
        words = [word for name, one in labels.items() for word in ("--label", f"com.docker.compose.{name}={one}")]
        return self.engine.run(self.image, "sh", "-c", script, options=[*words, *options])

    def look(self) -> dict[str, dict[str, Any]]:
        seen = asyncio.run(self.witness.look())
        self.seen += [one for one in seen if one.fact == "container" and one.value.get("project") == self.project]
        return {one.value["service"]: one.value for one in seen if one.value.get("project") == self.project}

    def until(self, ready: Callable[[dict[str, dict[str, Any]]], bool], what: str) -> dict[str, dict[str, Any]]:
        found: list[dict[str, dict[str, Any]]] = []

        def good() -> bool:
            found.append(self.look())
            return ready(found[-1])

        wait_until(good, what, seconds=60, every=0.5)
        return found[-1]

    def loops(self, service: str) -> bool:
        return is_looping([one for one in self.seen if one.value["service"] == service], Judging())


@pytest.fixture
def stack(docker_host: DockerEngine) -> Iterator[Stack]:
    made = Stack(docker_host)
    yield made
    mine = f"label=com.docker.compose.project={made.project}"
    for container in docker_host.docker("ps", "-aq", "--no-trunc", "--filter", mine).split():
        docker_host.remove(container)


def test_one_that_runs(stack: Stack) -> None:
    container = stack.run("app", "sleep 600", "--restart=always", "--env=PASSWORD=hunter2")
    app = stack.look()["app"]
    assert (app["id"], app["exit_code"], app["health"]) == (container[:12], None, "none")
    assert (app["restart_count"], app["restart_policy"], app["deaths"]) == (0, "always", [])
    assert stack.look()["app"] == app, "what does not change is told in the same words"
    assert "hunter2" not in str(stack.seen)


def test_a_crash_loop_is_seen_by_a_single_look_and_so_are_the_lives(stack: Stack) -> None:
    stack.run("app", "exit 3", "--restart=always")
    wait = stack.until(lambda seen: len(seen["app"]["deaths"]) >= 4, "four deaths")
    assert {(one["exit_code"], one["by"]) for one in wait["app"]["deaths"]} == {(3, "itself")}
    assert all(one["lived_seconds"] <= 5 for one in wait["app"]["deaths"])
    assert stack.loops("app")
    stack.witness, stack.seen = DockerWitness("web-1", stack.witness._inside, SystemClock(), 30), []
    stack.look()
    assert stack.loops("app"), "one that looks for the first time sees it as well"


def test_restarts_by_command_are_told_from_deaths_and_wipe_no_evidence(stack: Stack) -> None:
    container = stack.run("app", "trap 'exit 0' TERM; sleep 600 & wait", "--restart=always")
    stack.look()
    for _ in range(5):
        stack.engine.docker("restart", "--time", "1", container)
        stack.look()
    app = stack.look()["app"]
    assert [one["by"] for one in app["deaths"]] == ["command"] * 5 and app["restart_count"] == 0
    assert not stack.loops("app")


def test_a_container_made_anew_is_the_same_service(stack: Stack) -> None:
    first = stack.run("app", "exit 1")
    stack.until(lambda seen: len(seen["app"]["deaths"]) == 1, "its death")
    stack.engine.remove(first)
    stack.run("app", "exit 2")
    app = stack.until(lambda seen: len(seen["app"]["deaths"]) == 2, "the second's death")["app"]
    assert [one["exit_code"] for one in app["deaths"]] == [1, 2] and app["id"] != first[:12]


def test_health_checks_that_fail_and_one_that_lacks_its_program(stack: Stack) -> None:
    often = ("--health-interval=1s", "--health-retries=1", "--health-timeout=5s")
    stack.run("sick", "sleep 600", "--health-cmd=echo 'connection refused'; false", *often)
    stack.run("lame", "sleep 600", "--health-cmd=curl -f http://127.0.0.1/", *often)
    bad = stack.until(lambda seen: {one["health"] for one in seen.values()} == {"unhealthy"}, "both to be unhealthy")
    assert bad["lame"]["health_lacks"] == "curl" and "health_lacks" not in bad["sick"]
    assert "refused" not in str(bad)


def test_killed_for_memory(stack: Stack) -> None:
    """The engine does not learn of every life how it ended: containerd tells it beside the death."""
    eat = "x=x; while :; do x=$x$x; done"
    stack.run("whole", eat, "--memory=16m", "--memory-swap=16m", "--restart=always")
    stack.run("child", f"sh -c '{eat}'; sleep 600", "--memory=16m", "--memory-swap=16m")
    for_memory: list[dict[str, Any]] = []

    def both(seen: dict[str, dict[str, Any]]) -> bool:
        for_memory.extend(one for one in seen["whole"]["deaths"] if one.get("oom"))
        return bool(for_memory) and bool(seen["child"].get("child_oom_kills"))

    seen = stack.until(both, "both kills")
    assert {one["exit_code"] for one in for_memory} == {137}
    assert seen["child"]["exit_code"] is None and seen["child"]["deaths"] == []


def test_no_docker_is_no_data() -> None:
    class Bare:
        async def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
            return await aprocess.run(("env", "PATH=/nowhere", "/bin/sh", *argv[1:]), timeout_seconds=timeout_seconds)

    (one,) = asyncio.run(DockerWitness("web-1", Bare(), SystemClock(), 10).look())
    assert one.fact == "container" and one.error == "no_docker" and "docker" in one.value["why"]


def test_what_changes_is_seen_at_once_though_most_looks_ask_for_events_alone(stack: Stack) -> None:
    container = stack.run("app", "exec sleep 600", "--stop-signal=KILL")
    before = stack.look()["app"]
    time.sleep(2)  # two looks share a second in which the container was made
    assert all(stack.look()["app"] == before for _ in range(6))
    stack.engine.docker("rename", container, f"{stack.project}-new")
    stack.engine.docker("stop", container)
    assert stack.look()["app"]["exit_code"] == 137
    stack.engine.remove(container)
    assert "app" not in stack.look()
