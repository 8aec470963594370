"""A host is rehearsed on a scratch machine by the command that the keeper runs every month: nothing of it stays there, and
the host itself is not touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.lab.ground.machine import Hardware, Machine
from outlive.lab.ground.process import free_port
from outlive.lab.ground.ssh_keys import make_key
from outlive.lab.record import WEB
from outlive.lab.world import Lab
from tests.cli.home import Home
from tests.recovery.keeper import Keeper
from tests.recovery.ordering import ORDERING
from tests.recovery.test_lost_host import UPLOADS
from tests.world.biting import TOKEN, Bite
from tests.world.makers import CherryApi

SCRATCH = 43
SAME = "docker ps --all --quiet --no-trunc | sort; cat /etc/machine-id; ls /srv/shop"


@pytest.fixture
def scratch(lab: Lab, keeper: Keeper) -> Iterator[Machine]:
    made = lab.new_machine("scratch", Hardware())
    try:
        made.disk.create_from(Path(lab.record.seed))
        made.boot(address=lab.record.address(SCRATCH), authorized_key=lab.public_key)
        with (keeper.folder / "known_hosts").open("a") as file:
            file.write(f"{made.address} {made.host_key}\n")
        with (keeper.folder / "outlive.toml").open("a") as file:
            file.write(f'\n[[rehearsals]]\nhost = "{WEB}"\nto = "ssh://root@{made.address}"\n')
        yield made
    finally:
        made.remove()


@pytest.mark.docker
@pytest.mark.slow
def test_a_host_is_rehearsed_and_nothing_of_it_stays(lab: Lab, keeper: Keeper, scratch: Machine) -> None:
    before = lab.machine(WEB).inside("sh", "-c", SAME)
    keeper.run("backup", "shop-db", "jobs-db", "uploads", "certificates", "config")
    plan = keeper.run("recover", WEB, "--to", f"ssh://root@{scratch.address}", "--rehearse", "--dry-run")
    assert not {"gate", "outlive.toml", "enrolment", "copies", "old machine"} & {one["name"] for one in plan["steps"]}
    done = keeper.run("rehearse")
    assert done["rehearsal"] and done["state"] == "done" and done["seconds"] > 0
    assert keeper.journal("undone", "volume uploads") == 1
    assert scratch.inside("docker", "ps", "--all", "--quiet").strip() == ""
    assert scratch.inside("sh", "-c", f"ls -A {UPLOADS} /var/lib/outlive/undone /var/lib/outlive/config").split() == [
        f"{UPLOADS}:",
        "/var/lib/outlive/config:",
        "/var/lib/outlive/undone:",
    ]
    assert scratch.inside("sh", "-c", "ls -A /srv/shop 2>/dev/null || true").strip() == "", "no .env stays"
    assert lab.machine(WEB).inside("sh", "-c", SAME) == before


ONLY = """
name = "mine"
title = "mine"
to = true
[[steps]]
name = "new machine"
kind = "machine"
attempts = 1
[[steps]]
name = "path {asset}"
kind = "path"
each = "path"
"""


@pytest.mark.slow
def test_one_that_fails_says_why_and_does_not_stand_in_the_way_of_the_next(tmp_path: Path) -> None:
    home = Home(tmp_path)
    to = f"127.0.0.1:{free_port()}"
    (tmp_path / "mine.toml").write_text(ONLY)
    home.write(
        more=f'[keeper]\nstate = "state"\n[[rehearsals]]\nhost = "here"\nto = "ssh://root@{to}"\nrunbook = "mine.toml"\n'
    )
    home.call("backup")
    key = make_key(tmp_path / "key").with_suffix(".pub").read_text().split()[:2]
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{to.partition(':')[2]} {' '.join(key)}\n")
    for _ in range(2):
        silent = home.call("rehearse", "--json")
        assert silent.code == 5 and "refused" in silent.document["error"], silent.err


ORDERS = f"""{ORDERING}
token = {{ file = "token" }}
ssh_keys = ["1"]
approval = false
attempts = 20
"""


@pytest.mark.slow
def test_a_machine_that_is_ordered_for_it_is_given_back_and_until_then_said_to_be_paid_for(tmp_path: Path) -> None:
    """Killed when the order has had its effect; then nothing can be given back for a while."""
    home = Home(tmp_path)
    (tmp_path / "mine.toml").write_text(ORDERS)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    with CherryApi() as api:
        table = '[[rehearsals]]\nhost = "here"\nrunbook = "mine.toml"\n'
        home.write(more=f'[keeper]\nstate = "state"\n{api.provider}{table}')
        process = home.spawn("rehearse")
        api.watch = lambda number, when: process.kill() if api.ordered and when == "after" else None
        process.communicate(timeout=120)
        api.watch = lambda number, when: None
        assert process.returncode == -9 and len(api.known) == 1
        api.bites = [Bite("500", "DELETE", times=1000)]
        stuck = home.call("rehearse", "--json")
        assert stuck.code == 5 and "not taken down" in stuck.document["error"], stuck.err
        (risk,) = [one for one in home.call("status", "--no-look", "--json").document["risks"] if "rehears" in one]
        assert "the machine that it ordered is paid for" in risk and "--undo" in risk
        api.bites = []
        done = home.call("rehearse", "--json")
        assert done.code == 0 and done.document["seconds"] > 0, done.err
        assert api.known == [] and len(api.deleted) == len(api.ordered) == 2, "no second one was bought for the first"
