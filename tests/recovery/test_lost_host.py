"""A host of the lab is lost and comes back on another machine, while the process that recovers it is killed again and again:
nothing is done twice, nothing is missing that was shown to be safe."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.lab.breaks.table import break_it, heal
from outlive.lab.ground.machine import Hardware, Machine
from outlive.lab.ground.process import wait_until
from outlive.lab.record import WEB
from outlive.lab.shop import Shop
from outlive.lab.world import PAGES, Lab
from outlive.vault.local import LocalVault

pytestmark = [pytest.mark.docker, pytest.mark.slow]
PLACE, LAST = "web-1 (new)", 41
# Where it is killed: so many seconds after that step was begun. What is quick is killed at once.
DEATHS = (
    ("configuration config", 0.0),
    ("volume uploads", 0.0),
    ("volume certificates", 0.1),
    ("cluster shop-db", 0.5),
    ("cluster shop-db", 2.5),
    ("start", 1.0),
    ("enrolment", 5.0),
    ("copies", 2.0),
)
UPLOADS = "/var/lib/docker/volumes/shop_uploads/_data"
MARKED = "create table marked (at timestamptz not null); insert into marked values (now())"


class Keeper:
    """A keeper's folder of its own: the lab's configuration and keys, an empty vault, another memory."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.folder = folder
        for name in ("outlive.toml", "identity", "known_hosts", "provider-token"):
            shutil.copy(lab.folder / name, folder / name)
        for name in ("keys", "ca"):
            shutil.copytree(lab.folder / name, folder / name)
        LocalVault.create(folder / "vault")

    def start(self, *words: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        argv = [sys.executable, "-m", "outlive", *words]
        return subprocess.Popen(argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)

    def run(self, *words: str, code: int | None = 0) -> dict[str, Any]:
        """None: any failure."""
        process = self.start(*words, "--json")
        said, complained = process.communicate(timeout=600)
        is_right = process.returncode == code if code is not None else process.returncode not in (0, 1)
        assert is_right, f"{words}: {process.returncode}\n{said}\n{complained}"
        found: dict[str, Any] = json.loads(said)
        return found

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """`outlive keep`, with its words into a file: nobody reads its pipe."""
        with (self.folder / "keep.log").open("w") as log:
            argv = [sys.executable, "-m", "outlive", "keep"]
            process = subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=log)
            try:
                yield
            finally:
                process.terminate()
                process.wait(120)

    @contextmanager
    def without_vault(self) -> Iterator[None]:
        (self.folder / "vault").rename(self.folder / "away")
        try:
            yield
        finally:
            (self.folder / "away").rename(self.folder / "vault")

    def journal(self, what: str, step: str) -> int:
        """How often the journal says that of the step."""
        with closing(sqlite3.connect(f"file:{self.folder}/state/keeper.db?mode=ro", uri=True)) as memory:
            query = "select count(*) from recovery_journal where what = ? and step = ?"
            return int(memory.execute(query, (what, step)).fetchone()[0])

    def first_done(self, step: str) -> str:
        """When the step was done, UTC."""
        with closing(sqlite3.connect(f"file:{self.folder}/state/keeper.db?mode=ro", uri=True)) as memory:
            query = "select min(at) from recovery_journal where what = 'done' and step = ?"
            return str(memory.execute(query, (step,)).fetchone()[0])

    def die(self, words: tuple[str, ...], step: str, after_seconds: float) -> None:
        """Runs it, and kills it while it does that step, or soon after."""
        before = self.journal("doing", step)
        process = self.start(*words)
        wait_until(
            lambda: process.poll() is not None or self.journal("doing", step) > before,
            f"{step} to be done",
            seconds=300,
        )
        time.sleep(after_seconds)
        process.kill()
        process.communicate()
        assert process.returncode == -9, "it was still at work"


@pytest.fixture
def keeper(lab: Lab) -> Iterator[Keeper]:
    """Not below pytest's own folders, which other users may not enter: drills run Postgres as another one."""
    with tempfile.TemporaryDirectory(prefix="outlive-test-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Keeper(lab, Path(folder))


@pytest.fixture
def machine(lab: Lab, keeper: Keeper) -> Iterator[Machine]:
    """A new, empty server; its host key is learned by the back door and pinned beforehand."""
    made = lab.new_machine("web-1", Hardware())
    try:
        made.disk.create_from(Path(lab.record.seed))
        made.boot(address=lab.record.address(LAST), authorized_key=lab.public_key)
        with (keeper.folder / "known_hosts").open("a") as file:
            file.write(f"{made.address} {made.host_key}\n")
        yield made
    finally:
        made.remove()


def test_a_lost_host_comes_back_whatever_is_killed(lab: Lab, keeper: Keeper, machine: Machine) -> None:
    to = f"ssh://root@{machine.address}"
    keeper.run("identity", WEB, "--enrol")
    with keeper.keeping():
        wait_until(lambda: _windows(keeper) is not None, "log of shop-db", seconds=300, every=1)
        marked = datetime.fromisoformat(lab.shop(WEB).sql(f"{MARKED} returning at").strip().splitlines()[-1])
        wait_until(lambda: (_windows(keeper) or marked) > marked, "the mark to be safe", seconds=120, every=1)
        wait_until(lambda: len(_copies(keeper)) == 5, "a copy of every asset", seconds=300, every=1)
    refused = keeper.run("recover", WEB, "--to", to, "--yes", code=4)
    assert f"{lab.record.machines[WEB].address} still answers as web-1" in refused["error"]
    assert machine.inside("sh", "-c", "ls /var/lib/outlive 2>/dev/null | wc -l").strip() == "0", "nothing was done"

    break_it(lab, "suspend")
    words = ("recover", "--resume", "--accept-loss", "the server is gone; the test says so")
    for step, after in DEATHS:
        keeper.die(words, step, after)
        words = ("recover", "--resume")
    with keeper.without_vault():  # a failure, not a kill: what goes on then looks at every step again
        stopped = keeper.run("recover", "--resume", code=None)
    assert "copies" in stopped["error"] and stopped["cure"]
    done = keeper.run("recover", "--resume")

    assert all(step["done"] for step in done["steps"])
    new = Shop(machine)
    assert new.sql("select count(*) from marked").strip() == "1"
    _nothing_twice(keeper, machine)
    _no_more_lost_than_shown(lab, new, done)
    _one_asset_comes_back(keeper, machine)
    assert keeper.run("recover", "--undo", "--yes")["runbook"] == "lost-host"
    assert machine.inside("docker", "ps", "-q").strip() == ""
    assert machine.inside("sh", "-c", f"ls -A {UPLOADS}").strip() == ""
    assert len(machine.inside("ls", "/var/lib/outlive/undone").split()) >= 5, "kept: four volumes, the uploads twice"


def test_a_host_moves_and_nothing_is_lost(lab: Lab, keeper: Keeper, machine: Machine) -> None:
    """Killed while the last copies are taken, and while the old machine stops; then taken back: the old one serves again."""
    keeper.run("identity", WEB, "--enrol")
    keeper.run("backup", "shop-db", "jobs-db", "uploads", "certificates", "config")
    words: tuple[str, ...] = (
        "recover",
        WEB,
        "--to",
        f"ssh://root@{machine.address}",
        "--runbook",
        "move-host",
        "--yes",
    )
    for step, after in (
        ("writers stop", 0.0),
        ("last copies", 3.0),
        ("old machine stops", 0.0),
        ("cluster jobs-db", 1.0),
    ):
        keeper.die(words, step, after)
        words = ("recover", "--resume")
    keeper.run("recover", "--resume")
    query = f"select count(*), sum(id) from orders where placed_at <= '{keeper.first_done('writers stop')}+00'"
    found = Shop(machine).sql(query)
    assert lab.machine(WEB).inside("docker", "ps", "--quiet").strip() == "", "nobody serves twice"
    assert keeper.run("recover", "--undo", "--yes")["state"] == "undone"
    lab.shop(WEB).wait(PAGES[WEB], lab.authority)
    assert lab.shop(WEB).sql(query) == found, "every order that the old machine had taken was on the new one"


def _one_asset_comes_back(keeper: Keeper, machine: Machine) -> None:
    """On the machine itself, killed on the way; what was there is kept, and comes back when that is wanted."""
    machine.inside("sh", "-c", f"rm {UPLOADS}/*; echo spoilt > {UPLOADS}/spoilt")
    keeper.die(("recover", "--asset", "uploads", "--yes"), "volume uploads", 0.0)
    assert keeper.run("recover", "--undo", "--yes")["state"] == "undone", "and nothing goes on meanwhile"
    assert machine.inside("ls", UPLOADS).split() == ["spoilt"]
    done = keeper.run("recover", "--asset", "uploads", "--yes")
    assert done["runbook"] == "restore-asset" and done["state"] == "done"
    assert len(machine.inside("ls", UPLOADS).splitlines()) == 40
    assert keeper.run("recover", "--undo", "--yes")["state"] == "undone"
    assert machine.inside("ls", UPLOADS).split() == ["spoilt"]


def _nothing_twice(keeper: Keeper, machine: Machine) -> None:
    assert len(machine.inside("docker", "ps", "--all", "--quiet").split()) == 5
    volumes = machine.inside("docker", "volume", "ls", "--quiet").split()
    assert sorted(volumes) == ["shop_db", "shop_edge_data", "shop_jobs_db", "shop_uploads"]
    assert len(machine.inside("ls", "/var/lib/outlive/receipts").split()) == 5
    left = "find /var/lib/docker/volumes /var/lib/outlive /srv -maxdepth 3 -name '.*outlive*'"
    assert machine.inside("sh", "-c", left).strip() == "", "no half of anything is left"
    with closing(sqlite3.connect(keeper.folder / "state/keeper.db")) as memory:
        facts = [json.loads(row[0]) for row in memory.execute("select facts from enrolments where host = ?", (WEB,))]
        (enrolled,) = memory.execute("select max(at) from enrolments where host = ?", (WEB,)).fetchone()
    machine_id = machine.inside("cat", "/etc/machine-id").strip()
    assert [one["guest.machine_id"] == machine_id for one in facts] == [False, True]
    fresh = [
        name
        for name, started in _copies(keeper, every=True)
        if started.replace(tzinfo=None) >= datetime.fromisoformat(enrolled)
    ]
    assert sorted(fresh) == ["certificates", "config", "jobs-db", "shop-db", "uploads"]
    (before,) = keeper.folder.glob("outlive.toml.before-*")
    changed = set(before.read_text().splitlines()) ^ set((keeper.folder / "outlive.toml").read_text().splitlines())
    assert len(changed) == 2 and all(line.startswith("address = ") for line in changed)


def _no_more_lost_than_shown(lab: Lab, new: Shop, done: dict[str, Any]) -> None:
    """The old machine is asked, which is there again by now: every order from before the moment that was shown came back."""
    shown = next(one for one in done["losses"] if one["asset"] == "shop-db")
    until = datetime.fromisoformat(shown["until"])
    assert datetime.fromisoformat(shown["restored_until"]) >= until
    query = f"select count(*), sum(id) from orders where placed_at < '{(until - timedelta(seconds=2)).isoformat()}'"
    found = new.sql(query)
    heal(lab)
    old = lab.shop(WEB)
    assert old.sql(query) == found
    old.sql("drop table marked")
    for service, database in (("db", "shop"), ("jobs-db", "jobs")):
        old.sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots", service, database)


def _windows(keeper: Keeper) -> datetime | None:
    """Until when shop-db can be brought back to any second; None before there is log."""
    found = keeper.run("copies", "shop-db")["windows"]
    return max((datetime.fromisoformat(one["to"]) for one in found), default=None)


def _copies(keeper: Keeper, *, every: bool = False) -> Any:
    found = [(one["asset"], datetime.fromisoformat(one["started_at"])) for one in keeper.run("copies")["copies"]]
    return found if every else {name for name, _ in found} - {"preview-config"}
