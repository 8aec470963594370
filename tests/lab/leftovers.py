"""What is left on this machine of a lab that went down."""

from __future__ import annotations

import subprocess
from pathlib import Path

from outlive.lab.ground.docker import DockerEngine
from outlive.lab.world import name_of


def leftovers(engine: DockerEngine, folder: Path) -> list[str]:
    """Containers, networks, mounts, processes, firewall rules and files of the lab that was in that folder."""
    name = name_of(folder)
    rules = subprocess.run(["iptables", "-w", "-S"], capture_output=True, text=True, check=True).stdout
    return [
        *engine.docker("ps", "-aq", "--filter", f"label=outlive.owner={name}").split(),
        *engine.docker("network", "ls", "-q", "--filter", f"name={name}").split(),
        *(line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line),
        *(str(one.parent) for one in Path("/proc").glob("[0-9]*/cmdline") if _mentions(one, folder)),
        *(rule for rule in rules.splitlines() if name in rule),
        *(str(one) for one in [folder] if one.exists()),
    ]


def _mentions(cmdline: Path, folder: Path) -> bool:
    """A process that has that folder among its arguments, such as the provider."""
    try:
        return str(folder).encode() in cmdline.read_bytes()
    except OSError:  # it ended meanwhile
        return False
