"""A host of the lab is lost and comes back on another machine, which is ordered at the provider, while the process that
recovers it is killed again and again: nothing is done or bought twice, nothing is missing that was shown to be safe."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.lab.breaks.table import break_it, heal
from outlive.lab.ground.machine import Hardware, Machine
from outlive.lab.ground.process import wait_until
from outlive.lab.record import WEB
from outlive.lab.shop import Shop
from outlive.lab.up import KEY_ID
from outlive.lab.world import PAGES, SERVER_IDS, Lab
from tests.recovery.keeper import Keeper
from tests.world.cloudflare import CloudflareApi
from tests.world.github import GithubApi
from tests.world.lab_cloud import LabCloud

pytestmark = [pytest.mark.docker, pytest.mark.slow]
LAST, LAST_MADE = 41, 42
APPROVED = ("--approve", "order", "--approve", "old machine off")
# Where it is killed: so many seconds after that step was begun. What is quick is killed at once. What would be bought or
# begun twice is killed when it is done and nobody was told (`die_at`).
DEATHS = (
    ("configuration config", 0.0),
    ("volume uploads", 0.0),
    ("cluster shop-db", 0.5),
    ("cluster shop-db", 2.5),
    ("start", 1.0),
    ("dns", 0.0),
    ("deploy", 0.0),
    ("enrolment", 5.0),
    ("copies", 2.0),
)
UPLOADS = "/var/lib/docker/volumes/shop_uploads/_data"
MARKED = "create table marked (at timestamptz not null); insert into marked values (now())"


@dataclass
class Clouds:
    """Other people's APIs, of which the provider's really makes machines."""

    provider: LabCloud
    dns: CloudflareApi
    github: GithubApi


@pytest.fixture
def clouds(lab: Lab) -> Iterator[Clouds]:
    free = [lab.record.address(LAST_MADE), lab.record.address(LAST_MADE + 1)]
    dns, github = CloudflareApi(), GithubApi(late=1, tells_run=False, lasts=2)
    dns.record("A", PAGES[WEB], lab.record.machines[WEB].address)
    dns.record("AAAA", PAGES[WEB], "2001:db8::9", ttl=600)
    with LabCloud(lab=lab, free=free, late=1) as provider, dns, github:
        yield Clouds(provider, dns, github)


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


def test_a_lost_host_comes_back_whatever_is_killed(lab: Lab, keeper: Keeper, clouds: Clouds) -> None:
    urls = clouds.provider.url, clouds.dns.url, clouds.github.url
    runbook = str(keeper.orders_at(*urls, record=PAGES[WEB], key=KEY_ID))
    keeper.run("identity", WEB, "--enrol")
    with keeper.keeping():
        wait_until(lambda: _windows(keeper) is not None, "log of shop-db", seconds=300, every=1)
        marked = datetime.fromisoformat(lab.shop(WEB).sql(f"{MARKED} returning at").strip().splitlines()[-1])
        wait_until(lambda: (_windows(keeper) or marked) > marked, "the mark to be safe", seconds=120, every=1)
        wait_until(lambda: len(_copies(keeper)) == 5, "a copy of every asset", seconds=300, every=1)
    old = lab.record.machines[WEB].address
    refused = keeper.run("recover", WEB, "--runbook", runbook, "--yes", *APPROVED, code=4)
    assert f"{old} still answers as web-1" in refused["error"]
    assert clouds.provider.ordered == [], "nothing was bought, though it was approved"

    break_it(lab, "suspend")
    words = ("recover", "--resume", "--accept-loss", "the server is gone; the test says so")
    keeper.die_at(words, clouds.provider, "POST", "/servers")
    for step, after in DEATHS:
        if step == "deploy":
            keeper.die_at(("recover", "--resume"), clouds.github, "POST", "/dispatches")
        else:
            keeper.die(("recover", "--resume"), step, after)
    with keeper.without_vault():  # a failure, not a kill: what goes on then looks at every step again
        stopped = keeper.run("recover", "--resume", code=None)
    assert "copies" in stopped["error"] and stopped["cure"]
    done = keeper.run("recover", "--resume")

    assert all(step["done"] for step in done["steps"])
    (machine,) = clouds.provider.machines.values()
    new = Shop(machine)
    assert new.sql("select count(*) from marked").strip() == "1"
    _nothing_twice(keeper, machine)
    _everybody_is_led_there(clouds, keeper, machine)
    _no_more_lost_than_shown(lab, new, done)
    _one_asset_comes_back(keeper, machine)
    assert keeper.run("recover", "--undo", "--yes")["runbook"] == "lost-host-new-machine"
    assert machine.inside("docker", "ps", "-q").strip() == ""
    assert machine.inside("sh", "-c", f"ls -A {UPLOADS}").strip() == ""
    assert len(machine.inside("ls", "/var/lib/outlive/undone").split()) >= 5, "kept: four volumes, the uploads twice"
    _as_it_was(clouds, keeper, old)


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


def _everybody_is_led_there(clouds: Clouds, keeper: Keeper, machine: Machine) -> None:
    """Each once; the old machine is off and kept. The deploy found the secrets of the new one."""
    ((made, _),) = clouds.provider.machines.items()
    assert len(clouds.provider.ordered) == 1 and clouds.provider.switched == [(str(SERVER_IDS[WEB]), "power_off")]
    assert clouds.dns.addresses(PAGES[WEB]) == [machine.address] and len(clouds.dns.batches) == 1
    secrets = {"VM_HOST": machine.address, "VM_KNOWN_HOSTS": f"{machine.address} {machine.host_key}\n"}
    assert clouds.github.secrets == secrets and clouds.github.deployed == [secrets]
    assert f'server_id = "{made}"' in (keeper.folder / "outlive.toml").read_text()


def _as_it_was(clouds: Clouds, keeper: Keeper, old: str) -> None:
    """Whoever was led to the new machine is led back; that one is off and kept, and the old one is on."""
    ((made, _),) = clouds.provider.machines.items()
    lost = str(SERVER_IDS[WEB])
    assert clouds.provider.switched == [(lost, "power_off"), (lost, "power_on"), (str(made), "power_off")]
    assert clouds.provider.deleted == [] and len(clouds.provider.ordered) == len(clouds.github.runs) == 1
    assert clouds.dns.addresses(PAGES[WEB]) == sorted([old, "2001:db8::9"])
    assert clouds.github.secrets["VM_HOST"] == old and clouds.github.secrets["VM_KNOWN_HOSTS"].startswith(f"{old} ")
    text = (keeper.folder / "outlive.toml").read_text()
    assert f'server_id = "{lost}"' in text and f'address = "ssh://root@{old}"' in text


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
    assert len(changed) == 4 and all(line.startswith(("address = ", "server_id = ")) for line in changed)


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
