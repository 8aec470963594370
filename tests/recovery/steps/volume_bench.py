"""A machine of the tests with a real block device plugged in, and what may be on one."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from outlive.commands.ssh import SshPaths
from outlive.config.load import parse
from outlive.lab.ground.cache import cache_root
from outlive.model.host import Host
from outlive.recovery.steps.base import Inputs, World
from outlive.transport.ssh import SshShell
from tests.recovery.steps.carrying import CONFIG, world
from tests.sources.test_docker_volume import LOOK
from tests.world import ledger
from tests.world.machine import Machine
from tests.world.plugged_volumes import PluggedVolumes
from tests.world.systemd import SystemdMachine

ASSETS = '[[assets]]\nname = "taken"\nkind = "docker_volume"\nhost = "web-1"\nvolume = "app_taken"\n'
ASSETS += '[[assets]]\nname = "uploads"\nkind = "docker_volume"\nhost = "web-1"\nvolume = "app_uploads"\n'
PLACE = "/var/lib/docker/volumes/app_uploads/_data"
POINT = "/mnt/outlive-uploads"


@dataclass
class Bench:
    """A machine with a volume plugged in, and what a step is given there."""

    vm: Machine | SystemdMachine
    cloud: PluggedVolumes
    world: World
    volume: dict[str, Any]

    def inputs(self, **args: Any) -> Inputs:
        facts = {"volume_device": self.volume["linux_device"], "volume_gigabytes": self.volume["size"]}
        return Inputs(f"run-{self.volume['id']}", "it", {"asset": "uploads", **args}, {"order": facts})

    @property
    def file(self) -> Path:
        return self.cloud.folder / f"volume-{self.volume['id']}"

    def tree(self, place: str) -> str:
        return self.vm.ssh("bash", "-s", "--", place, input=LOOK.encode())


@contextmanager
def plugged(vm: Machine | SystemdMachine, kind: type[PluggedVolumes], number: int, home: Path) -> Iterator[Bench]:
    """With a blank volume of that number."""
    assert vm.home is not None
    folder = cache_root() / "run" / f"volumes-{secrets.token_hex(6)}"
    ledger.note("directory", folder)
    folder.mkdir()
    address = Host(name="web-1", address=f"ssh://root@{vm.name}", ssh_config=str(vm.config))
    shell = SshShell(address, SshPaths(vm.known_hosts, vm.home / "c"))
    settings = parse(CONFIG + ASSETS, home / "o.toml")
    made = replace(world(home / "run"), settings=settings, shell=lambda one: shell)
    volume = {"id": number, "size": 10, "linux_device": f"/dev/disk/by-id/scsi-0HC_Volume_{number}"}
    try:
        with kind(machine=vm, folder=folder) as cloud:  # type: ignore[arg-type]
            cloud.plug_in(volume, 700101)
            yield Bench(vm, cloud, made, volume)
    finally:
        shell.close()
        ledger.discard(folder)


def content(bench: Bench) -> tuple[bytes, bytes, int]:
    """Of the device: how it begins, how it ends, and how much was ever written to it."""
    subprocess.run(["sync", bench.file], check=True)
    with bench.file.open("rb") as file:
        begins = file.read(4 << 20)
        file.seek(-(4 << 20), 2)
        return begins, file.read(), bench.file.stat().st_blocks


HOLDS: dict[str, list[str] | tuple[int, bytes]] = {
    "a file system": ["mkfs.ext4", "-q", "-F"],
    "swap": ["mkswap", "-q"],
    "a partition table": (446, bytes([0, 0, 2, 0, 131, 0, 0, 0, 0, 8, 0, 0, 0, 0, 16, 0]) + bytes(48) + b"\x55\xaa"),
    "encryption": (0, b"LUKS\xba\xbe\x00\x01"),
    "what nobody knows": (500_000, b"somebody wrote this"),
}


def hold(bench: Bench, what: str) -> None:
    kind = HOLDS[what]
    if isinstance(kind, list):
        subprocess.run([*kind, bench.file], check=True, capture_output=True)
        return
    with bench.file.open("r+b") as file:
        file.seek(kind[0])
        file.write(kind[1])
