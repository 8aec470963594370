"""A server to look at, back up and lose: a container with its own sshd, Docker engine, disk and identity."""

from __future__ import annotations

import secrets
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from outlive.lab.ground import images
from outlive.lab.ground.cache import cache_root, make_once
from outlive.lab.ground.disk import MEBIBYTES, Disk, make_image, mount, unmount
from outlive.lab.ground.docker import MACHINE_RIGHTS, DockerEngine
from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import wait_until

# Whatever an installation makes at its first boot: the image that a provider writes to disks has none of it.
IDENTITY = (
    *("etc/machine-id", "etc/ssh/ssh_host_*", "etc/docker/key.json", "root/.ssh"),
    *("var/lib/cloud", "var/lib/docker/engine-id", "var/log/*.log"),
)
MEMORY = "2g"


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a machine keeps whatever is installed on it: the DMI's uuid and serial."""

    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    serial: str = field(default_factory=lambda: str(secrets.randbelow(900_000) + 100_000))


class Machine:
    """One machine: hardware, a disk, and, once it has booted, an address on a Docker network."""

    def __init__(self, engine: DockerEngine, *, name: str, network: str, disk: Disk, hardware: Hardware) -> None:
        """`name` is its hostname."""
        self.engine = engine
        self.name = name
        self.network = network
        self.disk = disk
        self.hardware = hardware
        self.address = ""
        self.container = ""

    def boot(self, *, address: str = "", authorized_key: str = "", uptime_seconds: int = 0) -> None:
        """For the first time; returns when sshd and the Docker engine answer. `address` is one of the network, or any.

        `authorized_key` is written to a new disk and changes nothing on a used one.
        """
        options = ["--hostname", self.name, "--network", self.network, "--memory", MEMORY, *MACHINE_RIGHTS]
        options += ["--volume", f"{self.disk.root}:/machine", "--env", f"FAKE_UP={uptime_seconds}"]
        options += ["--env", f"DMI_UUID={self.hardware.uuid}", "--env", f"DMI_SERIAL={self.hardware.serial}"]
        options += ["--env", f"AUTHORIZED_KEY={authorized_key}"]
        if address:
            options += ["--ip", address]
        self.container = self.engine.run(images.server(self.engine), options=options)
        self._wait()
        self.address = self.engine.address(self.container)

    def take_host_key(self, private: str, public: str) -> None:
        """Before its first boot: this SSH host key and no other is its own, as cloud-init writes one from user data."""
        for name, text, mode in (("", private, 0o600), (".pub", f"{public}\n", 0o644)):
            file = self.disk.root / f"etc/ssh/ssh_host_ed25519_key{name}"
            file.touch(mode=mode)
            file.write_text(text)

    def inside(self, *words: str, input: bytes | None = None) -> str:
        """Runs a command on it by the back door, whatever its network and SSH may be doing."""
        return self.engine.exec(self.container, "/sbin/inside", *words, input=input)

    def reboot(self) -> None:
        """The same machine, with a new boot_id."""
        self.engine.docker("restart", "--time", "5", self.container)
        self._wait()

    def power_off(self) -> None:
        self.engine.docker("stop", "--time", "5", self.container)

    def power_on(self) -> None:
        self.engine.docker("start", self.container)
        self._wait()

    def restart_sshd(self) -> None:
        """It reads its host keys again; returns when it shows them."""
        self.inside("sh", "-c", "kill -HUP $(cat /run/sshd.pid)")
        shown = ("sh", "-c", "ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null; true")
        wait_until(lambda: self.host_key in self.inside(*shown), "sshd to show its new key", every=0.2)

    def pause(self) -> None:
        """It hangs: TCP accepts, nobody answers. A machine that is busy starting processes may not freeze at the first try
        (runc: "unable to freeze")."""
        wait_until(self._freezes, f"{self.name} to freeze", every=0.5)

    def _freezes(self) -> bool:
        try:
            self.engine.docker("pause", self.container)
        except ProgramFailed as problem:
            if "unable to freeze" not in str(problem):
                raise
            return False
        return True

    def unpause(self) -> None:
        self.engine.docker("unpause", self.container)

    def plug_out(self) -> None:
        """Off the network; the address is free for others."""
        self.engine.docker("network", "disconnect", self.network, self.container)
        self.address = ""

    def plug_in(self, address: str) -> None:
        self.engine.docker("network", "connect", "--ip", address, self.network, self.container)
        self.address = address

    def remove(self) -> None:
        """It and its disk."""
        if self.container:
            self.engine.remove(self.container)
            self.container = ""
        self.disk.remove()

    @property
    def host_key(self) -> str:
        """`ssh-ed25519 AAAA...`, learned by the back door and not over the network."""
        return " ".join(self.inside("cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()[:2])

    @property
    def host_key_fingerprint(self) -> str:
        return self.inside("ssh-keygen", "-lf", "/etc/ssh/ssh_host_ed25519_key.pub").split()[1]

    def _wait(self) -> None:
        started = self.engine.docker("inspect", "-f", "{{.State.StartedAt}}", self.container)
        self.engine.wait_for_log(self.container, "MACHINE READY", seconds=180, since=started)


def seed(engine: DockerEngine, stack_images: Sequence[str] = ()) -> Path:
    """The image that a provider writes to new disks; its Docker engine has those images already."""
    wanted = (*stack_images, images.server(engine))
    ids = [engine.docker("image", "inspect", "-f", "{{.Id}}", image) for image in wanted]
    name = "-".join(identity.removeprefix("sha256:")[:8] for identity in ids)
    return make_once(cache_root() / "seeds" / f"{name}.ext4", lambda path: _fill(engine, path, stack_images))


def _fill(engine: DockerEngine, image: Path, stack_images: Sequence[str]) -> None:
    root = image.with_name(f"{image.name}.mounted")
    make_image(image, MEBIBYTES)
    mount(["-o", "loop", str(image)], root, engine.ledger)
    container = engine.run(images.server(engine), options=[*MACHINE_RIGHTS, "--volume", f"{root}:/machine"])
    try:
        engine.wait_for_log(container, "MACHINE READY", seconds=180)
        if stack_images:
            _load(engine, container, stack_images)
        engine.docker("stop", "--time", "20", container)
        for made in (path for pattern in IDENTITY for path in root.glob(pattern)):
            subprocess.run(["rm", "-r", made], check=True)
    finally:
        engine.remove(container)
        unmount(root, engine.ledger)
        root.rmdir()


def _load(engine: DockerEngine, container: str, stack_images: Sequence[str]) -> None:
    saved = subprocess.Popen([engine.client, "save", *stack_images], stdout=subprocess.PIPE)
    load = [engine.client, "exec", "-i", container, "/sbin/inside", "docker", "load", "-q"]
    done = subprocess.run(load, stdin=saved.stdout, capture_output=True, text=True)
    if saved.wait() or done.returncode:
        raise ProgramFailed(f"docker load: {done.stderr}")
