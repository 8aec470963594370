"""A cluster of a running stack moves to a detachable volume, is killed on the way, survives boots with and without it, and
comes back to the machine's own disk with what was written meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import wait_until
from tests.cli.home import Home
from tests.recovery.volume_person import Person
from tests.world import hetzner, ledger
from tests.world.machine import Machine
from tests.world.plugged_volumes import PluggedVolumes

pytestmark = [pytest.mark.docker, pytest.mark.postgres, pytest.mark.slow]
PLACE = "/var/lib/docker/volumes/app_pgdata/_data"
POINT = "/mnt/outlive-app-db"


@pytest.fixture
def vm(new_vm: Callable[..., Machine]) -> Machine:
    # of its own also after its reboot, when Docker would give it any that is free
    machine = new_vm(address=f"172.30.77.{200 + os.getpid() % 50}")
    machine.sql("create table marked (n int primary key); insert into marked values (1)")
    return machine


@pytest.fixture
def cloud(vm: Machine) -> Iterator[PluggedVolumes]:
    folder = cache_root() / "run" / f"volumes-{vm.address}"  # not in memory
    ledger.note("directory", folder)
    folder.mkdir()
    try:
        with PluggedVolumes(late=1, machine=vm, folder=folder) as made:
            public = {"ipv4": {"ip": vm.address}, "ipv6": None}
            made.known.append(hetzner.server(700101, name="web-1", public_net=public))
            yield made
    finally:
        ledger.discard(folder)


@pytest.fixture
def home() -> Iterator[Home]:
    """Not below pytest's own folders, which other users may not enter: drills run Postgres as another one."""
    folder = ledger.new_directory("home")
    try:
        yield Home(folder / "home")
    finally:
        ledger.discard(folder)


def test_there_through_boots_and_back(vm: Machine, cloud: PluggedVolumes, home: Home) -> None:
    person = Person(home, vm, cloud)
    person.run("backup", "app-db")
    person.run("identity", "web-1", "--enrol")
    person.die_untold(*person.begin, path="/volumes")
    person.die("recover", "--resume", step="switch app-db")
    person.run("recover", "--resume")
    assert len(cloud.bought) == len(cloud.volumes) == 1
    assert vm.sql("select n from marked").strip() == "1"
    is_on_the_volume(vm)
    vm.sql("insert into marked values (2)")

    vm.reboot()  # this machine has no systemd: nobody has mounted anything
    with pytest.raises(ProgramFailed):
        vm.sql("select 1")
    assert vm.ssh(f"ls -A {PLACE}").strip() == "", "no new cluster was begun in the empty directory"
    cloud.appear(cloud.volumes[0])
    vm.ssh("mount -a && docker compose -p app -f /srv/app/compose.yml restart db 2>&1")
    wait_until(lambda: marked(vm) == ["1", "2"], "the database", seconds=120, every=0.3)
    is_on_the_volume(vm)

    person.die("recover", "--undo", "--yes", step="switch app-db", what="undoing")
    person.run("recover", "--undo", "--yes")
    wait_until(lambda: marked(vm) == ["1", "2"], "the database", seconds=120, every=0.3)
    assert vm.ssh(f"findmnt -n {PLACE} || echo none").strip() == "none"
    assert "outlive" not in vm.ssh("cat /etc/fstab; ls /etc/systemd/system")
    assert cloud.volumes[0]["server"] is None and len(cloud.volumes) == 1, "detached and kept"


def is_on_the_volume(vm: Machine) -> None:
    assert vm.ssh(f"mountpoint -d {PLACE}") == vm.ssh(f"mountpoint -d {POINT}")
    assert "PG_VERSION" in vm.ssh(f"ls {POINT}/data")


def marked(vm: Machine) -> list[str]:
    try:
        return vm.sql("select n from marked order by n").split()
    except ProgramFailed:
        return []
