"""What our fstab lines and our drop-in make a real systemd do, and a real Docker with a container that begins anew where it
finds its directory empty, as a database does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.commands import volume_switch
from outlive.commands.volume_shell import MISSING
from outlive.commands.volume_switch import Switch
from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import wait_until
from outlive.recovery import on_volume
from outlive.recovery.steps.base import Inputs
from outlive.recovery.steps.copy_to_volume import CopyToVolume
from outlive.recovery.steps.mount_volume import MountVolume
from outlive.recovery.steps.switch_to_volume import SwitchToVolume
from tests.recovery.steps.volume_bench import PLACE, POINT, Bench, plugged
from tests.world.docker import DockerEngine
from tests.world.need import need
from tests.world.systemd import SystemdMachine, UdevVolumes

pytestmark = [pytest.mark.docker, pytest.mark.slow]
DATABASE = "[ -e /data/rows ] || echo begun-anew > /data/rows; exec sleep 1000000"
WAIT = "x-systemd.device-timeout="


@pytest.fixture
def vm(docker_host: DockerEngine) -> Iterator[SystemdMachine]:
    machine = SystemdMachine(docker_host)
    try:
        yield need("docker", machine.start)
    finally:
        machine.close()


@pytest.fixture
def bench(vm: SystemdMachine, tmp_path: Path) -> Iterator[Bench]:
    with plugged(vm, UdevVolumes, 4901, tmp_path) as made:
        yield made


def test_docker_starts_with_the_volume_or_not_at_all(bench: Bench, vm: SystemdMachine) -> None:
    running = (
        f"--name db --restart always --stop-signal KILL -v app_uploads:/data outlive-test/busybox sh -c '{DATABASE}'"
    )
    vm.ssh(f"docker run -d {running}")
    given = move_there(bench)
    vm.ssh(f"docker start db && echo more >> {PLACE}/rows")
    boots_with_it(bench, vm)
    boots_without_it(bench, vm, on_volume.switch(bench.world, given))
    comes_and_goes(bench, vm)

    vm.ssh("docker stop --time 0 db")
    SwitchToVolume().undo(bench.world, given)
    MountVolume().undo(bench.world, given)
    bench.cloud.plug_out(bench.volume)
    left = f"grep -rl outlive /etc/fstab /etc/systemd; ls -d {POINT} /etc/systemd/system/docker.service.d; :"
    assert vm.inside(left) == ""
    vm.ssh("docker start db && systemctl restart docker")
    serves(vm)


def boots_with_it(bench: Bench, vm: SystemdMachine) -> None:
    vm.boot(lambda: bench.cloud.appear(bench.volume))
    serves(vm)
    times = [int(vm.shown(unit, "ActiveEnterTimestampMonotonic")[0]) for unit in (*mounts(vm), "docker.service")]
    assert 0 < times[0] < times[1] < times[2]
    assert vm.shown(device(vm), "JobRunningTimeoutUSec") == ["1min"]


def boots_without_it(bench: Bench, vm: SystemdMachine, one: Switch) -> None:
    """Somebody can log in, and nothing of Docker runs."""
    vm.inside(f"sed -i s/{WAIT}60s/{WAIT}1s/ /etc/fstab")  # no test waits for a minute
    vm.boot()
    wait_until(lambda: vm.inside("systemctl list-jobs --no-legend") == "", "all that can start", every=0.1)
    assert vm.shown("multi-user.target", "ActiveState") == ["active"]
    assert vm.shown("emergency.target", "ActiveState") == ["inactive"]
    is_held_back(vm)
    with pytest.raises(ProgramFailed):  # it waits for ever: its socket is systemd's, which tries again and again
        vm.inside("timeout 2 docker start db")
    is_held_back(vm)
    asked = bench.world.there.run(volume_switch.back(one), timeout_seconds=30)
    assert asked.status == MISSING, "what takes it back does not wait for Docker"
    vm.inside(f"sed -i s/{WAIT}1s/{WAIT}60s/ /etc/fstab")


def comes_and_goes(bench: Bench, vm: SystemdMachine) -> None:
    bench.cloud.plug_in(bench.volume, 700101)
    vm.ssh("systemctl start docker")  # the mounts come with it
    serves(vm)

    bench.cloud.plug_out(bench.volume)
    wait_until(lambda: vm.shown("docker.service", "MainPID") == ["0"], "Docker to stop", every=0.1)
    is_held_back(vm)

    bench.cloud.plug_in(bench.volume, 700101)
    vm.ssh("systemctl start docker")
    serves(vm)


def move_there(bench: Bench) -> Inputs:
    given = bench.inputs(format="ext4")
    bench.vm.ssh("docker stop --time 0 db")
    MountVolume().do(bench.world, given, 60)
    CopyToVolume().do(bench.world, given, 60)
    SwitchToVolume().do(bench.world, given, 60)
    return given


def mounts(vm: SystemdMachine) -> list[str]:
    return vm.inside(f"systemd-escape --path --suffix=mount {POINT} {PLACE}").split()


def device(vm: SystemdMachine) -> str:
    return vm.inside(f"systemd-escape --path --suffix=device /dev/disk/by-uuid/$(findmnt -n -o UUID {POINT})")


def serves(vm: SystemdMachine) -> None:
    """The database runs, and has what was written."""

    def is_up() -> bool:
        try:
            return vm.inside("timeout 5 docker exec db cat /data/rows").splitlines() == ["begun-anew", "more"]
        except ProgramFailed:
            return False

    wait_until(is_up, "the database", seconds=60, every=0.1)


def is_held_back(vm: SystemdMachine) -> None:
    """Docker does not run, and nothing is at the place of its data."""
    assert vm.shown("docker.service", "MainPID") == ["0"]
    assert vm.inside(f"ls -A {PLACE}; findmnt -n {PLACE} {POINT}; :") == ""
