"""A host is rehearsed on a scratch machine by the command that the keeper runs every month: killed, run again, and nothing
of it stays there; the host itself is not touched."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.lab.ground.machine import Hardware, Machine
from outlive.lab.ground.process import wait_until
from outlive.lab.record import WEB
from outlive.lab.world import Lab
from tests.recovery.test_lost_host import UPLOADS, Keeper

SCRATCH = 43
SAME = "docker ps --all --quiet --no-trunc | sort; cat /etc/machine-id; ls /srv/shop"


@pytest.fixture
def keeper(lab: Lab) -> Iterator[Keeper]:
    """As in test_lost_host: where other users may go."""
    with tempfile.TemporaryDirectory(prefix="outlive-test-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Keeper(lab, Path(folder))


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
    process = keeper.start("rehearse")
    wait_until(lambda: keeper.journal("doing", "volume uploads") > 0, "data to come there", seconds=300, every=0.2)
    process.kill()
    process.communicate()
    wait_until(lambda: _is_free(keeper), "the killed rehearsal to end", seconds=120, every=0.5)

    done = keeper.run("rehearse")
    assert done["rehearsal"] and done["state"] == "done" and done["seconds"] > 0
    assert keeper.journal("undone", "volume uploads") == 2, "the killed one was taken down, too"
    assert scratch.inside("docker", "ps", "--all", "--quiet").strip() == ""
    assert scratch.inside("sh", "-c", f"ls -A {UPLOADS} /var/lib/outlive/undone /var/lib/outlive/config").split() == [
        f"{UPLOADS}:",
        "/var/lib/outlive/config:",
        "/var/lib/outlive/undone:",
    ]
    assert scratch.inside("sh", "-c", "ls -A /srv/shop 2>/dev/null || true").strip() == "", "no .env stays"
    assert lab.machine(WEB).inside("sh", "-c", SAME) == before


def _is_free(keeper: Keeper) -> bool:
    lock = keeper.folder / "state" / "recover" / "lock-rehearsal"
    return subprocess.run(["flock", "--nonblock", str(lock), "true"]).returncode == 0
