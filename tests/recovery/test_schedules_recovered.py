"""A host with a Temporal server comes back on another machine while the old one still runs: what its schedules start is
started once. Then one server's schedules are brought back in their place, and that is taken back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from outlive.backup.copies import catalog
from outlive.cli import main
from outlive.commands.temporal import HELD
from outlive.lab.ground.process import wait_until
from tests.cli.home import Home
from tests.recovery.schedule_hosts import IN_SHOP, Jobs, guard
from tests.world import images
from tests.world.docker import DockerEngine
from tests.world.machine import Machine

pytestmark = [pytest.mark.docker, pytest.mark.slow]
LOSS = "the host is given up; the test says so"


@pytest.fixture
def machines(docker_host: DockerEngine, new_vm: Callable[..., Machine]) -> tuple[Machine, Machine]:
    """Both take the same key."""
    image = images.temporal(docker_host)
    old = new_vm(stack=False, image=image)
    new = new_vm(stack=False, image=image)
    key = old.identity.with_suffix(".pub").read_bytes()
    new.ssh("cat >>/root/.ssh/authorized_keys", input=key)
    return old, new


@pytest.fixture
def home(machines: tuple[Machine, Machine]) -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="outlive-test-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        made = Home(Path(folder) / "home")
        guard(made, *machines)
        yield made


def test_nothing_is_started_twice(home: Home, machines: tuple[Machine, Machine]) -> None:
    old, new = (Jobs(machine) for machine in machines)
    _production(old)
    assert main.run(home.argv("backup", "data")) == 0
    wait_until(partial(old.tries, "operator", "cluster", "health"), "Temporal", seconds=120, every=0.2)
    old.say("schedule", "create", *IN_SHOP, "-s", "late", "--cron", "0 5 * * *")
    old.say("schedule", "update", *IN_SHOP, "-s", "nightly", "--cron", "0 4 * * *", "--notes", "mine")
    wait_until(lambda: "late" in old.ids(), "the list of schedules to know it", seconds=60, every=0.2)
    assert main.run(home.argv("backup", "schedules", "config")) == 0

    to = f"ssh://root@{machines[1].address}"
    runbook = ("--runbook", str(home.folder / "mine.toml"))
    done = _ran(home, "recover", "web-1", "--to", to, *runbook, "--accept-loss", LOSS, "--yes")
    said = {one["name"]: one["said"] for one in done["steps"]}
    assert "wait paused" in said["schedules wait schedules"]
    assert "still answers as the old machine" in said["schedules wait schedules"]
    assert "default/often (" in said["schedules wait schedules"], "what caught up before the pause is told"
    wait_until(
        lambda: new.runs("Running") <= old.runs("Running"), "only the old one's work to go on", seconds=60, every=0.5
    )
    assert new.runs("Terminated"), "what had been begun before the pause is over"
    assert new.state("nightly") == (True, f"{HELD}mine") and new.state("often", "default") == (True, HELD)
    assert new.state("off") == (True, "by hand"), "and what people have paused is theirs"
    assert new.state("late") == (True, HELD), "its database never knew it, the export did"
    assert old.state("nightly") == (False, "mine"), "the old one is not touched"
    report = Path(done["report"]).read_text()
    assert "shop/late: made again, paused" in report and "shop/nightly: spec." in report
    assert new.schedule("nightly")["schedule"]["spec"] != old.schedule("nightly")["schedule"]["spec"]
    _as_before(old, new)

    machines[0].ssh("docker stop jobs-temporal-1")
    assert main.run(home.argv("temporal", "release", "schedules", "--yes")) == 0
    assert new.state("often", "default") == (False, "") and new.state("late") == (False, "")
    assert new.state("nightly") == (False, "mine") and new.state("off") == (True, "by hand")
    (copy,) = (one.id for one in catalog.listing(home.vault, "schedules").copies)
    _one_server_comes_back(home, new, copy)


def _production(old: Jobs) -> None:
    old.deploy()
    old.say("operator", "namespace", "create", "-n", "shop", "--retention", "72h", "--description", "the shop")
    often = ("--interval", "2s", "--overlap-policy", "AllowAll", "--catchup-window", "1h")
    old.say(
        *("schedule", "create", "-n", "default", "--task-queue", "q", "-s", "often", "--type", "Tick"),
        *("--workflow-id", "often", *often),
    )
    nightly = ("schedule", "create", *IN_SHOP, "-s", "nightly", "--cron", "0 3 * * *", "--notes", "mine")
    wait_until(lambda: old.tries(*nightly), "the namespace to be known", seconds=120, every=0.5)
    old.say("schedule", "create", *IN_SHOP, "-s", "off", "--interval", "1h", "--paused", "--notes", "by hand")
    wait_until(lambda: old.ids() == ["nightly", "off"], "the list of schedules", seconds=60, every=0.2)


def _as_before(old: Jobs, new: Jobs) -> None:
    """Namespaces and what a schedule says, next times too, are the same on both."""
    for name in ("default", "shop"):
        asked = ("operator", "namespace", "describe", "-n", name, "-o", "json")
        before, after = (json.loads(one.say(*asked)) for one in (old, new))
        assert before["config"] == after["config"] and before["namespaceInfo"] == after["namespaceInfo"]
    before, after = (one.schedule("off") for one in (old, new))
    assert before["schedule"] == after["schedule"]
    assert before["info"].get("futureActionTimes") == after["info"].get("futureActionTimes")


def _one_server_comes_back(home: Home, new: Jobs, copy: str) -> None:
    """In the server that runs: what was deleted is made, what was changed is as it was; then all of that is taken back."""
    new.say("schedule", "delete", "-n", "shop", "-s", "late")
    new.say("schedule", "update", *IN_SHOP, "-s", "off", "--interval", "9h")
    new.say("operator", "namespace", "update", "-n", "shop", "--retention", "24h")
    new.say("schedule", "create", *IN_SHOP, "-s", "mine", "--interval", "7h")
    wait_until(lambda: new.ids() == ["mine", "nightly", "off"], "the list of schedules", seconds=60, every=0.2)
    was = new.schedule("nightly")["schedule"]["spec"]
    done = home.call("recover", "--asset", "schedules", "--copy", copy, "--yes")
    shown = " ".join(done.out.split())
    assert done.code == 0 and "restore Temporal's schedules" in shown, f"{done.out}\n{done.err}"
    assert "- shop/late: is missing" in shown and "+ shop/nightly as exported" in shown and "shop/mine" not in shown
    assert new.state("late") == (True, HELD) and new.schedule("nightly")["schedule"]["spec"] != was
    assert _retention(new) == "259200s" and "mine" in new.ids()
    assert _ran(home, "recover", "--undo", "--yes")["state"] == "undone"
    wait_until(
        lambda: new.ids() == ["mine", "nightly", "off"], "the one that was made to be gone", seconds=60, every=0.2
    )
    assert new.schedule("nightly")["schedule"]["spec"] == was and _retention(new) == "86400s"


def _retention(jobs: Jobs) -> str:
    told = json.loads(jobs.say("operator", "namespace", "describe", "-n", "shop", "-o", "json"))
    return str(told["config"]["workflowExecutionRetentionTtl"])


def _ran(home: Home, *words: str) -> Any:
    """A recovery has an engine, so it is a process of its own."""
    done = home.call(*words, "--json")
    assert done.code == 0, f"{words}: {done.code}\n{done.out}\n{done.err}"
    return done.document
