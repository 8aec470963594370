"""A rented server whose first process is a real systemd: its units of Docker and sshd are Debian's own, and udev tells it of
disks that come and go. The lab's machines (machine.py) have none."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.disk import Disk
from outlive.lab.ground.docker import MACHINE_RIGHTS, DockerEngine
from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import run, wait_until
from outlive.lab.ground.server import Server
from outlive.lab.ground.ssh_keys import client_config, make_key
from tests.world import images, ledger
from tests.world.plugged_volumes import PluggedVolumes

# What is immutable on it must not be in the container's own layer, which could not be removed then.
ON_DISK = {"mnt": "/mnt", "docker": "/var/lib/docker", "outlive": "/var/lib/outlive"}


class SystemdMachine(Server):
    """`ssh -F machine.config web-1` reaches it once it has booted. Its engine has the image outlive-test/busybox."""

    name = "web-1"

    def __init__(self, engine: DockerEngine) -> None:
        self.engine = engine
        self.container = ""
        self.home: Path | None = None
        self.disk = Disk(cache_root() / "run" / f"disk-{secrets.token_hex(6)}", engine.ledger)

    def start(self) -> Self:
        self.home = ledger.new_directory("systemd")
        self.identity = make_key(self.home / "identity")
        self.known_hosts, self.config = self.home / "known_hosts", self.home / "ssh_config"
        self.disk.create()
        options = [*MACHINE_RIGHTS, "--hostname", self.name, "--tmpfs", "/run", "--tmpfs", "/tmp"]
        for folder, place in ON_DISK.items():
            (self.disk.root / folder).mkdir()
            options += ["--volume", f"{self.disk.root / folder}:{place}"]
        self.container = self.engine.run(images.systemd(self.engine), options=options)
        key = self.identity.with_suffix(".pub").read_bytes()
        self.inside("ssh-keygen -A; mkdir -m 700 /root/.ssh; cat > /root/.ssh/authorized_keys", input=key)
        self._go()
        self._load(images.busybox(self.engine))
        return self

    def close(self) -> None:
        if self.container:
            self.engine.remove(self.container)
            self.container = ""
        self.disk.remove()
        ledger.discard(self.home)
        self.home = None

    def boot(self, before: Callable[[], None] = lambda: None) -> None:
        """After a power cut, with what `before` plugs in; returns when somebody can log in."""
        self.engine.docker("kill", self.container)
        self.engine.docker("start", self.container)
        before()
        self._go()

    def inside(self, words: str, input: bytes | None = None) -> str:
        """By the back door, also while it does not boot."""
        return self.engine.exec(self.container, "sh", "-c", words, input=input)

    def ssh(self, *words: str, input: bytes | None = None) -> str:
        return run(["ssh", "-F", self.config, self.name, *words], input=input)

    def answers(self) -> bool:
        try:
            return self.ssh("echo well").strip() == "well"
        except ProgramFailed:
            return False

    def shown(self, unit: str, *properties: str) -> list[str]:
        """What systemd says of it."""
        listed = ",".join(properties)
        said = dict(line.split("=", 1) for line in self.inside(f"systemctl show -p {listed} '{unit}'").splitlines())
        return [said[name] for name in properties]

    def _go(self) -> None:
        address = self.engine.address(self.container)
        host_key = " ".join(self.inside("cat /etc/ssh/ssh_host_ed25519_key.pub").split()[:2])
        self.known_hosts.write_text(f"{address} {host_key}\n")
        self.config.write_text(client_config(self.name, address, 22, "root", self.identity, self.known_hosts))
        self.inside("touch /run/go")
        wait_until(self.answers, "the machine to be reached by SSH", every=0.1)

    def _load(self, image: str) -> None:
        wait_until(lambda: self.shown("docker.service", "ActiveState") == ["active"], "Docker", every=0.1)
        saved = subprocess.run([self.engine.client, "save", image], check=True, capture_output=True)
        self.inside("docker load -q", input=saved.stdout)


@dataclass
class UdevVolumes(PluggedVolumes):
    """The machine's own udev and systemd hear of them, as of a disk that the provider plugs in or pulls out."""

    machine: SystemdMachine = None  # type: ignore[assignment]

    def there(self, words: str) -> None:
        self.machine.inside(words)

    def plug_in(self, volume: dict[str, Any], server: int) -> None:
        super().plug_in(volume, server)
        self.there(f"udevadm trigger --action=add --settle --name-match={self.loops[volume['id']]}")

    def plug_out(self, volume: dict[str, Any]) -> None:
        loop = self.loops[volume["id"]]
        self.there(f"echo remove > /sys/block/{loop.removeprefix('/dev/')}/uevent; udevadm settle; rm {loop}")
        super().plug_out(volume)
