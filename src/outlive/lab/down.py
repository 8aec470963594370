"""Ends a lab: everything that was started for it, whole or half, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

from outlive.lab.errors import LabFailed, NoLab
from outlive.lab.ground import dockerd
from outlive.lab.ground.docker import DockerEngine
from outlive.lab.ground.ledger import Ledger
from outlive.lab.world import LEDGER, Lab, name_of, read_record


def down(folder: Path) -> list[str]:
    """What was ended, a line each. The folder goes too. Raises NoLab when nothing of a lab is there."""
    if not (folder / LEDGER).exists():
        raise NoLab(f"There is nothing of a lab in {folder}.")
    ledger = Ledger(folder / LEDGER, name_of(folder))
    engine = _engine(ledger)
    ended = [f"container {one}" for one in engine.remove_all()]
    ended += ledger.end_all()
    engine.close()
    dockerd.let_go(ledger.name)
    return ended


def is_whole(folder: Path) -> bool:
    """Whether a lab is there, nothing in it is broken, and all of it runs."""
    record = read_record(folder)
    if record is None or record.broken or not dockerd.answers(dockerd.client()):
        return False
    lab = Lab.open(folder)
    containers = [one.container for one in record.machines.values()] + list(record.nameservers.values())
    inspect = [lab.engine.client, "inspect", "-f", "{{.State.Running}}", *containers]
    running = subprocess.run(inspect, capture_output=True, text=True)
    return running.returncode == 0 and set(running.stdout.split()) == {"true"} and lab.provider.is_there()


def _engine(ledger: Ledger) -> DockerEngine:
    """The engine on which the lab's containers are. Without it they would come back with it, and nobody knew of them."""
    if not dockerd.answers(dockerd.client()) and not dockerd.is_ours():
        raise LabFailed(
            "The Docker engine does not answer, so that containers may be left.", hint="Start it, and try again."
        )
    return DockerEngine(ledger).start()
