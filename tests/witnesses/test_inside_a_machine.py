"""Containers, logs and what is left, asked of a real machine over the one SSH connection; and what `advise` reads there."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.clock import SystemClock
from outlive.commands import fragile_look
from outlive.commands.docker_look import ContainerState
from outlive.model.host import Host
from outlive.model.log_file import LogFile
from outlive.transport.inside import InsidePeer
from outlive.transport.ssh_peer import SshPeer
from outlive.witnesses.capacity import CapacityWitness
from outlive.witnesses.docker import DockerWitness
from outlive.witnesses.host_logs import HostLogWitness
from outlive.witnesses.logs import LogWitness
from tests.world.machine import Machine

pytestmark = [pytest.mark.docker, pytest.mark.slow]
CLOCK = SystemClock()


@pytest.fixture
def peer(vm: Machine, tmp_path: Path) -> Iterator[SshPeer]:
    one = SshPeer(Host(name="web-1", address="ssh://web-1", ssh_config=str(vm.config)), vm.address, tmp_path)
    yield one
    asyncio.run(one.close())


def test_all_of_it_over_one_connection(vm: Machine, peer: SshPeer) -> None:
    async def looks() -> tuple[dict[str, object], ...]:
        inside, known = InsidePeer(peer, CLOCK), list[ContainerState]()
        docker = DockerWitness(peer.subject, inside, CLOCK, 30, known.extend)
        boxes = {one.value["service"]: one.value for one in await docker.look() if one.fact == "container"}
        logs = LogWitness(peer.subject, inside, CLOCK, lambda: known, b"k" * 32, timeout_seconds=30)
        heard = {one.value.get("service"): one for one in await logs.look() if one.fact == "log.seen"}
        vm.ssh("mkdir -p /var/log/nginx && echo listening > /var/log/nginx/error.log")
        one = LogFile(path="/var/log/nginx/error.log", service="nginx")
        files = HostLogWitness(peer.subject, inside, CLOCK, [one], b"k" * 32, timeout_seconds=30)
        for _ in range(2):
            heard |= {one.value["service"]: one for one in await files.look() if one.fact == "log.seen"}
            vm.ssh(
                "cd /var/log/nginx && gzip -c error.log > error.log.1.gz && : > error.log && echo again >> error.log"
            )
        await peer.close()  # as whoever keeps the connection does now and then
        left = {one.fact: one.value for one in await CapacityWitness(peer.subject, inside, CLOCK, 30).look()}
        return boxes, heard, left

    boxes, heard, left = asyncio.run(looks())
    assert set(boxes) == {"db", "web"}
    assert all(box["project"] == "app" and box["exit_code"] is None for box in boxes.values())  # type: ignore[index]
    assert "nginx" in heard and heard["nginx"].error is None  # type: ignore[attr-defined]
    assert "db" in heard and heard["db"].error is None  # type: ignore[attr-defined]
    assert left["host.memory"]["total_bytes"] > 1 << 28  # type: ignore[index]
    assert left["host.disk"]["total_bytes"] > 0  # type: ignore[index]


def test_what_advise_reads(vm: Machine) -> None:
    found = fragile_look.read_look(vm.ssh(shlex.join(fragile_look.look())))
    services = {one.name: one for one in found.services}
    assert set(services) == {"app/db", "app/web"}
    assert services["app/db"].volumes == ("app_pgdata",) and (services["app/db"].used_bytes or 0) > 0
    assert services["app/web"].compose_file.startswith("/srv/app/")
    assert (found.data_root, found.open_keys, found.bound_keys) == ("/var/lib/docker", 1, 0)
    assert found.root_login and found.data_on_root is not None
