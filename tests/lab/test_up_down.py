"""A lab is used at once by the real commands; one that was cut off halfway is ended without touching others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from outlive.clock import SystemClock
from outlive.lab.down import down
from outlive.lab.errors import CannotBreak
from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.process import wait_until
from outlive.lab.record import PREVIEW, WEB
from outlive.lab.up import up
from outlive.lab.world import Lab
from tests.lab import facts
from tests.lab.leftovers import leftovers
from tests.lab.looking import until_well
from tests.world import ledger

pytestmark = [pytest.mark.docker, pytest.mark.slow]
OUTLIVE = [sys.executable, "-m", "outlive"]


def outlive(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*OUTLIVE, *words], cwd=cwd, capture_output=True, text=True, timeout=300)


def test_the_keeper_s_folder_works_at_once(lab: Lab) -> None:
    backup = outlive("backup", "--json", cwd=lab.folder)
    assert backup.returncode == 0, backup.stderr
    taken = {one["asset"] for one in json.loads(backup.stdout)["copies"]}
    assert taken == {"shop-db", "jobs-db", "uploads", "certificates", "config", "preview-config"}
    status = json.loads(outlive("status", "--json", cwd=lab.folder).stdout)
    assert not any(one["loss"]["everything"] for one in status["assets"])
    assert [one for one in status["unguarded"] if not one["why"]] == [], "everything is guarded, or left on purpose"
    assert outlive("identity", "--enrol", cwd=lab.folder).returncode == 0
    until_well(lab)  # what other tests broke and healed is told for some time yet
    check = json.loads(outlive("check", "--json", cwd=lab.folder).stdout)
    assert {one["host"]: one["verdict"] for one in check["hosts"]} == {
        WEB: "same_machine_ok",
        PREVIEW: "same_machine_ok",
    }


def test_one_that_is_up_is_left_as_it_is(lab: Lab) -> None:
    told: list[str] = []
    again = up(lab.folder, SystemClock(), told.append)
    assert (again.record.to_json(), told) == (lab.record.to_json(), [])


def test_a_folder_of_somebody_else_is_left_alone(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(CannotBreak, match="holds something that is no lab"):
        up(tmp_path, SystemClock(), lambda step: None)
    assert [one.name for one in tmp_path.iterdir()] == ["letter.txt"]


def test_one_that_was_killed_halfway_is_ended_whole(lab: Lab) -> None:
    folder = cache_root() / "run" / f"{lab.folder.name}-killed"
    ledger.note("ledger", folder / "ledger")
    child = subprocess.Popen([*OUTLIVE, "lab", "up", "--folder", str(folder)], stdout=subprocess.DEVNULL)

    def halfway() -> bool:
        assert child.poll() is None, "it ended before it could be killed"
        return folder.exists() and (folder / "ledger").read_text().count("+ container") >= 3

    try:
        wait_until(halfway, "a machine of the second lab to boot", seconds=300, every=0.1)
        child.send_signal(signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
    assert leftovers(lab.engine, folder) != []
    down(folder)
    assert leftovers(lab.engine, folder) == []
    ledger.strike("ledger", folder / "ledger")
    assert facts.page(lab, lab.machine(WEB).address).status == 200, "the other lab goes on"
