"""Two small machines with a Temporal server's image, and a keeper's folder that guards the first."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import wait_until
from outlive.wiring_recovery import shipped
from tests.cli.home import Home
from tests.world.machine import Machine

COMPOSE = """
services:
  temporal:
    image: outlive-test/temporal:latest
    volumes: ["data:/data"]
  worker:
    image: outlive-test/temporal:latest
    entrypoint: ["sleep", "1000000"]
    stop_signal: SIGKILL
volumes:
  data: {}
"""
ASSETS = """
[[assets]]
name = "config"
kind = "config"
host = "web-1"
paths = ["/srv/jobs/compose.yml"]
[[assets]]
name = "data"
kind = "docker_volume"
host = "web-1"
volume = "jobs_data"
[assets.around]
stop = ["jobs/temporal"]
[[assets]]
name = "schedules"
kind = "temporal"
host = "web-1"
container = "jobs/temporal"
stored_in = "data"
"""
IN_SHOP = ("-n", "shop", "--task-queue", "q", "--workflow-id", "w", "--type", "Bill")


class Jobs:
    """The compose project `jobs` on a machine: what an operator does there, by the back door."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def deploy(self) -> None:
        self.machine.ssh("mkdir -p /srv/jobs && cat >/srv/jobs/compose.yml", input=COMPOSE.encode())
        self.machine.ssh("docker compose -p jobs -f /srv/jobs/compose.yml up -d --quiet-pull 2>&1")
        wait_until(partial(self.tries, "operator", "cluster", "health"), "Temporal", seconds=120, every=0.2)

    def say(self, *words: str) -> str:
        """What `temporal WORDS` prints in its container."""
        return self.machine.docker("exec", "jobs-temporal-1", "temporal", *words)

    def tries(self, *words: str) -> bool:
        try:
            self.say(*words)
        except ProgramFailed:
            return False
        return True

    def schedule(self, id: str, namespace: str = "shop") -> Any:
        return json.loads(self.say("schedule", "describe", "-n", namespace, "-s", id, "-o", "json"))

    def state(self, id: str, namespace: str = "shop") -> tuple[bool, str]:
        """Whether it is paused, and its notes."""
        found = self.schedule(id, namespace)["schedule"]["state"]
        return bool(found.get("paused")), found.get("notes", "")

    def runs(self, status: str) -> set[str]:
        """The runs of workflows in the namespace `default` that stand so."""
        query = ("--query", f'ExecutionStatus="{status}"', "--limit", "1000")
        told = json.loads(self.say("workflow", "list", "-n", "default", "-o", "json", *query))
        return {one["execution"]["runId"] for one in told}

    def ids(self) -> list[str]:
        told = json.loads(self.say("schedule", "list", "-n", "shop", "-o", "json"))
        return sorted(one["scheduleId"] for one in told)


LEFT_OUT = ("keep the evidence", "enrolment", "copies", "old machine")


def guard(home: Home, old: Machine, new: Machine) -> None:
    """`outlive.toml` for the old machine; the keys of both are pinned. `mine.toml` is the shipped runbook without what has
    nothing to do with schedules."""
    pinned = [machine.known_hosts.read_text() for machine in (old, new)]
    (home.folder / "known_hosts").write_text("".join(pinned))
    host = f'[[hosts]]\nname = "web-1"\naddress = "ssh://root@{old.address}"\nidentity_file = "{old.identity}"\n'
    keeper = '[keeper]\nstate = "state"\nknown_hosts = "known_hosts"\n[watch]\ntimeout_seconds = 5\n'
    home.write(ASSETS, hosts=host, more=keeper)
    text = home.config.read_text()
    home.config.write_text(text.replace('[[hosts]]\nname = "here"\naddress = "local"\ncontainers = false\n', ""))
    runbook = shipped("lost-host")
    for name in LEFT_OUT:
        runbook, count = re.subn(rf'\[\[steps\]\]\nname = "{name}"\n(?:[a-z].*\n)+', "", runbook)
        assert count == 1
    (home.folder / "mine.toml").write_text(runbook)
