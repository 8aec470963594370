"""Somebody who puts the data of a machine of the tests on a volume: a keeper's folder, the filled-in runbook, and a keeper
that is killed."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import threading
from contextlib import closing

from outlive.lab.ground.process import wait_until
from outlive.wiring_recovery import shipped
from tests.backup.postgres_copies import program_folder
from tests.cli.home import Done, Home
from tests.world.biting import TOKEN
from tests.world.machine import Machine
from tests.world.plugged_volumes import PluggedVolumes

ASSETS = """\
[[assets]]
name = "app-db"
kind = "postgres"
host = "web-1"
container = "app/db"
[[assets]]
name = "uploads"
kind = "docker_volume"
host = "web-1"
volume = "app_uploads"
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
EVIDENCE = '[[steps]]\nname = "keep the evidence"\nkind = "evidence"\n'


class Person:
    def __init__(self, home: Home, vm: Machine, cloud: PluggedVolumes) -> None:
        self.home, self.cloud = home, cloud
        self.env = {"PROVIDER_WRITE": TOKEN, "OUTLIVE_POSTGRES_DIR": str(program_folder(17))}
        host = HOST.format(address=vm.address, identity=vm.identity, known_hosts=vm.known_hosts)
        (home.folder / "token").write_text(TOKEN)
        (home.folder / "token").chmod(0o600)
        home.write(ASSETS, hosts=host, more=cloud.provider)
        text = re.sub(r'^provider = "\?"', 'provider = "cloud"', shipped("data-on-volume"), flags=re.MULTILINE)
        text = text.replace('gigabytes = "?"', "gigabytes = 10").replace(f"\n{EACH}", f"\n{EACH}\npause_seconds = 0.3")
        assert EVIDENCE in text
        (home.folder / "mine.toml").write_text(text.replace(EVIDENCE, ""))  # it takes long, and is tried elsewhere
        self.begin = ("recover", "web-1", "--runbook", "mine.toml", "--asset", "app-db", "--yes")
        self.begin += ("--approve", "order volume app-db")

    def run(self, *words: str) -> Done:
        done = self.home.call(*words, env=self.env)
        assert done.code == 0, done
        return done

    def die(self, *words: str, step: str, what: str = "doing") -> None:
        """Killed as soon as it does that step."""
        before = self._journal(what, step)
        process = self._spawn(*words)
        wait_until(
            lambda: process.poll() is not None or self._journal(what, step) > before, f"{step} to be done", seconds=240
        )
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
        process.append(self._spawn(*words))
        started.set()
        assert process[0].wait(240) == -signal.SIGKILL, "it was still at work"
        self.cloud.watch = lambda number, when: None

    def _spawn(self, *words: str) -> subprocess.Popen[str]:
        null = subprocess.DEVNULL
        return self.home.spawn(*words, env=self.env, stdout=null, stderr=null)

    def _journal(self, what: str, step: str) -> int:
        file = self.home.folder / "state/keeper.db"
        if not file.exists():
            return 0
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as memory:
            query = "select count(*) from recovery_journal where what = ? and step = ?"
            return int(memory.execute(query, (what, step)).fetchone()[0])
