"""What following twenty quiet services costs their server: `make bench-inside`, or `python -m bench.inside [--small]
[--json]`.

A machine of the lab with a Docker engine of its own is looked at over SSH as the keeper does; what is counted is the
processor time of everything on it (its control group: sshd, Docker's command line, engine, containerd), less what it uses
alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.here import machine, say
from bench.report import markdown
from outlive.clock import SystemClock
from outlive.commands.docker_look import ContainerState
from outlive.model.host import Host
from outlive.transport.inside import InsidePeer
from outlive.transport.ssh_peer import SshPeer
from outlive.watch.plan import CAPACITY_SECONDS, DOCKER_SECONDS
from outlive.witnesses.base import Witness
from outlive.witnesses.capacity import CapacityWitness
from outlive.witnesses.docker import DockerWitness
from outlive.witnesses.logs import LogWitness
from tests.world.docker import DockerEngine
from tests.world.machine import Machine
from tests.world.need import Missing

IMAGE = "outlive-test/busybox:latest"
LOGS_SECONDS = 30.0  # as often as the host is looked at
START = """
for n in $(seq {services}); do docker run --detach --label com.docker.compose.project=shop \
  --label com.docker.compose.service=s$n {image} sh -c "echo up; exec sleep 86400" >/dev/null; done
"""


@dataclass(frozen=True, slots=True)
class Plan:
    services: int
    looks: int


FULL, SMALL = Plan(20, 40), Plan(3, 4)


def used_seconds(container: str) -> float:
    """Processor time of the machine and all that runs on it, so far (control groups, version 2 or 1)."""
    for path in _groups(container):
        if path.name == "cpuacct.usage":
            return int(path.read_text()) / 1e9
        return int(path.read_text().split()[1]) / 1e6
    raise Missing(f"the control group of {container[:12]} is not to be found")


def _groups(container: str) -> Iterator[Path]:
    for where in ("cpuacct/docker/{}/cpuacct.usage", "docker/{}/cpu.stat", "system.slice/docker-{}.scope/cpu.stat"):
        path = Path("/sys/fs/cgroup") / where.format(container)
        if path.exists():
            yield path


async def _spent(witness: Witness, looks: int, container: str) -> float:
    """Seconds of processor time a look; the first, which reads more, is not counted."""
    await witness.look()
    alone = _rate(container)
    before, began = used_seconds(container), time.monotonic()
    for _ in range(looks):
        seen = await witness.look()
        if any(one.error for one in seen):
            raise RuntimeError(f"{witness.what}: {[one.value for one in seen if one.error]}")
        await asyncio.sleep(0.2)
    spent = used_seconds(container) - before
    return max(0.0, spent - alone * (time.monotonic() - began)) / looks


def _container(vm: Machine) -> str:
    assert vm.body is not None, "it was started"
    return vm.body.container


def _rate(container: str, seconds: float = 10.0) -> float:
    """What the machine uses when nobody looks, a second."""
    before = used_seconds(container)
    time.sleep(seconds)
    return (used_seconds(container) - before) / seconds


async def _measured(vm: Machine, plan: Plan, folder: Path) -> dict[str, tuple[float, float]]:
    """Of each witness: seconds a look, and how often it looks."""
    clock, known = SystemClock(), dict[str, tuple[ContainerState, ...]]()
    peer = SshPeer(Host(name="web-1", address="ssh://web-1", ssh_config=str(vm.config)), vm.address, folder)
    inside, container = InsidePeer(peer, clock), _container(vm)
    try:
        docker = DockerWitness(peer.subject, inside, clock, 30, lambda seen: known.update(all=seen))
        logs = LogWitness(peer.subject, inside, clock, lambda: known.get("all", ()), b"k" * 32, timeout_seconds=30)
        capacity = CapacityWitness(peer.subject, inside, clock, 30)
        return {
            "containers": (await _spent(docker, plan.looks, container), DOCKER_SECONDS),
            "logs": (await _spent(logs, plan.looks, container), LOGS_SECONDS),
            "capacity": (await _spent(capacity, plan.looks, container), CAPACITY_SECONDS),
        }
    finally:
        await peer.close()


def measured(plan: Plan) -> dict[str, tuple[float, float]]:
    with DockerEngine() as engine, Machine(engine, stack=False) as vm, tempfile.TemporaryDirectory() as folder:
        vm.ssh(START.format(services=plan.services, image=IMAGE))
        time.sleep(5)  # until the engine has come to rest
        return asyncio.run(_measured(vm, plan, Path(folder)))


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.inside", description=__doc__)
    parser.add_argument("--small", action="store_true", help="does everything work? The numbers mean nothing")
    parser.add_argument("--json", action="store_true", help="numbers on stdout")
    asked = parser.parse_args(words)
    plan = SMALL if asked.small else FULL
    try:
        found = measured(plan)
    except Missing as error:
        say(f"cannot be measured here: {error}")
        return 3
    percent = {name: 100 * spent / every for name, (spent, every) in found.items()}
    rows = [["witness", "ms a look", "every s", "% of a core"]]
    rows += [
        [name, f"{1000 * spent:.1f}", f"{every:.0f}", f"{percent[name]:.2f}"] for name, (spent, every) in found.items()
    ]
    rows.append(["all", "", "", f"{sum(percent.values()):.2f}"])
    say(f"{plan.services} quiet services; {machine()}\n\n{markdown(rows)}")
    if asked.json:
        looks = {name: {"seconds": spent, "every_seconds": every} for name, (spent, every) in found.items()}
        print(json.dumps({"services": plan.services, "witnesses": looks, "percent": sum(percent.values())}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
