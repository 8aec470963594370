"""A cluster of a running stack moves to a detachable volume, is killed on the way, survives boots with and without it, and
comes back to the machine's own disk with what was written meanwhile."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import wait_until
from outlive.wiring_recovery import shipped
from tests.backup.postgres_copies import program_folder
from tests.cli.home import Done, Home
from tests.world import hetzner, ledger
from tests.world.biting import TOKEN
from tests.world.machine import Machine
from tests.world.plugged_volumes import PluggedVolumes

pytestmark = [pytest.mark.docker, pytest.mark.postgres, pytest.mark.slow]
ASSETS = """\
[[assets]]
name = "app-db"
kind = "postgres"
host = "web-1"
container = "app/db"
[[assets]]
name = "config"
kind = "config"
host = "web-1"
paths = ["/srv/app"]
"""
HOST = """\
[[hosts]]
name = "web-1"
address = "ssh://root@{address}"
server_id = "700101"
identity_file = "{identity}"
containers = false
logs = false
[keeper]
known_hosts = "{known_hosts}"
"""
EACH = 'each = ["postgres", "docker_volume", "path"]'
PLACE = "/var/lib/docker/volumes/app_pgdata/_data"
POINT = "/mnt/outlive-app-db"
ORDERED = ("--approve", "order volume app-db")


@pytest.fixture
def vm(new_vm: Callable[..., Machine]) -> Machine:
    machine = new_vm()
    machine.sql("create table marked (n int primary key); insert into marked values (1)")
    return machine


@pytest.fixture
def cloud(vm: Machine) -> Iterator[PluggedVolumes]:
    folder = cache_root() / "run" / f"volumes-{vm.address}"  # not in memory
    ledger.note("directory", folder)
    folder.mkdir()
    try:
        with PluggedVolumes(late=1, machine=vm, folder=folder) as made:
            made.known.append(
                hetzner.server(700101, name="web-1", public_net={"ipv4": {"ip": vm.address}, "ipv6": None})
            )
            yield made
    finally:
        ledger.discard(folder)


class Person:
    """Somebody with a keeper's folder and the filled-in runbook."""

    def __init__(self, home: Home, vm: Machine, cloud: PluggedVolumes) -> None:
        self.home, self.cloud = home, cloud
        self.env = {"PROVIDER_WRITE": TOKEN, "OUTLIVE_POSTGRES_DIR": str(program_folder(17))}
        host = HOST.format(address=vm.address, identity=vm.identity, known_hosts=vm.known_hosts)
        (home.folder / "token").write_text(TOKEN)
        (home.folder / "token").chmod(0o600)
        home.write(ASSETS, hosts=host, more=cloud.provider)
        text = re.sub(r'^provider = "\?"', 'provider = "cloud"', shipped("data-on-volume"), flags=re.MULTILINE)
        text = text.replace('gigabytes = "?"', "gigabytes = 10").replace(f"\n{EACH}", f"\n{EACH}\npause_seconds = 0.3")
        (home.folder / "mine.toml").write_text(text)
        self.begin = ("recover", "web-1", "--runbook", "mine.toml", "--asset", "app-db", "--yes", *ORDERED)

    def run(self, *words: str, code: int = 0) -> Done:
        done = self.home.call(*words, env=self.env)
        assert done.code == code, done
        return done

    def die(self, *words: str, step: str) -> None:
        """Killed as soon as it does that step."""
        process = self.home.spawn(*words, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: process.poll() is not None or self._doing(step), f"{step} to be done", seconds=120)
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it was still at work"

    def die_untold(self, *words: str, path: str) -> None:
        """Killed when that request has had its effect, before it hears the answer."""
        started, process = threading.Event(), list[subprocess.Popen[str]]()

        def watch(number: int, when: str) -> None:
            method, where = self.cloud.heard[number - 1]
            if (method, when) == ("POST", "after") and where.endswith(path):
                started.wait(30)
                process[0].kill()

        self.cloud.watch = watch
        process.append(self.home.spawn(*words, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        started.set()
        assert process[0].wait() == -signal.SIGKILL, "it was still at work"
        self.cloud.watch = lambda number, when: None

    def _doing(self, step: str) -> bool:
        file = self.home.folder / "state/keeper.db"
        if not file.exists():
            return False
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as memory:
            query = "select count(*) from recovery_journal where what = 'doing' and step = ?"
            return bool(memory.execute(query, (step,)).fetchone()[0])


def test_there_through_boots_and_back(vm: Machine, cloud: PluggedVolumes, tmp_path: Path) -> None:
    person = Person(Home(tmp_path / "home"), vm, cloud)
    person.run("backup", "app-db")
    person.run("identity", "web-1", "--enrol")

    person.die_untold(*person.begin, path="/volumes")
    for step in ("mount volume app-db", "copy app-db", "switch app-db", "start"):
        person.die("recover", "--resume", step=step)
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
    wait_until(lambda: answers(vm), "the database", seconds=60, every=0.3)
    is_on_the_volume(vm)

    person.die("recover", "--undo", "--yes", step="switch app-db")
    said = person.run("recover", "--undo", "--yes").err
    assert vm.sql("select n from marked order by n").split() == ["1", "2"], said
    assert vm.ssh(f"findmnt -n {PLACE} || echo none").strip() == "none"
    assert "outlive" not in vm.ssh("cat /etc/fstab; ls /etc/systemd/system/docker.service.d")
    assert cloud.volumes[0]["server"] is None and len(cloud.volumes) == 1, "detached and kept"


def is_on_the_volume(vm: Machine) -> None:
    assert vm.ssh(f"mountpoint -d {PLACE}") == vm.ssh(f"mountpoint -d {POINT}")
    assert vm.sql("show data_directory").strip() == "/var/lib/postgresql/data"
    assert "PG_VERSION" in vm.ssh(f"ls {POINT}/data")


def answers(vm: Machine) -> bool:
    try:
        return vm.sql("select count(*) from marked").strip() == "2"
    except ProgramFailed:
        return False
