"""Brings a lab up: images, network, two machines with the shop on them, names, a provider, and the keeper's folder."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from outlive.clock import Clock
from outlive.lab import keeper, names
from outlive.lab.down import down, is_whole
from outlive.lab.errors import CannotBreak, LabFailed
from outlive.lab.ground import dockerd, machine
from outlive.lab.ground.cache import is_root
from outlive.lab.ground.docker import DockerEngine
from outlive.lab.ground.ledger import Ledger
from outlive.lab.ground.machine import Hardware
from outlive.lab.ground.missing import Missing, ProgramFailed
from outlive.lab.ground.packages import lacking
from outlive.lab.ground.process import free_port, run
from outlive.lab.ground.ssh_keys import make_key
from outlive.lab.provider import remote
from outlive.lab.provider.documents import Key, Server
from outlive.lab.record import PREVIEW, WEB, Record
from outlive.lab.shop import Shop, stack_images
from outlive.lab.world import LEDGER, PAGES, SERVER_IDS, SITES, Lab, name_of
from outlive.model.observation import rfc3339

Tell = Callable[[str], None]
PROGRAMS = {
    "docker": "docker.io",
    "dockerd": "docker.io",
    "debootstrap": "debootstrap",
    "mkfs.ext4": "e2fsprogs",
    "iptables": "iptables",
    "openssl": "openssl",
    "ssh-keygen": "openssh-client",
    "zstd": "zstd",
}
# Ranges of which one is free on nearly every machine; a second lab takes the next one.
SUBNETS = tuple(f"172.30.{number}.0/24" for number in range(80, 120))
ADDRESSES = {WEB: 11, PREVIEW: 12}
NAMESERVERS = (53, 54)
KEY_ID = 13001
UPTIME_SECONDS = 40 * 86400  # what the servers claim until their first reboot


def up(folder: Path, clock: Clock, tell: Tell, disk_mebibytes: int | None = None) -> Lab:
    """A lab in that folder: the one that is there when it is whole, else a new one, with disks of that size if they are to
    be larger than usual. `tell` hears of every step.

    Raises Missing when this machine cannot have one, CannotBreak when the folder is somebody else's.
    """
    require()
    if is_whole(folder):
        return Lab.open(folder)
    if (folder / LEDGER).exists():
        tell("What is left of an earlier lab is ended")
        down(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise CannotBreak(f"{folder} holds something that is no lab.", hint="Name an empty folder with --folder.")
    return _Builder(folder, clock, tell, disk_mebibytes).build()


def require() -> None:
    """Raises Missing, naming all that this machine lacks."""
    if not is_root():
        raise Missing(
            "a lab makes disks, networks and containers, which takes root", hint="Run it as root: `sudo -E ...`."
        )
    if packages := lacking(PROGRAMS):
        wanted = " ".join(packages)
        raise Missing(f"not installed: {wanted}", hint=f"On Debian: apt-get install {wanted}")


class _Builder:
    """One lab in the making; every step may be the last, and `down` ends what there is by then."""

    def __init__(self, folder: Path, clock: Clock, tell: Tell, disk_mebibytes: int | None) -> None:
        self.folder = folder
        self.clock = clock
        self.tell = tell
        self.disk_mebibytes = disk_mebibytes
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self.ledger = Ledger(folder / LEDGER, name_of(folder))
        self.ledger.note("directory", folder)
        self.engine = DockerEngine(self.ledger).start()
        dockerd.keep(self.ledger.name)

    def build(self) -> Lab:
        self.tell("Images of servers, Postgres, Caddy, PowerDNS (minutes the first time)")
        disk = machine.seed(self.engine, stack_images(self.engine))
        nameserver = names.image(self.engine)
        subnet = self._network()
        record = Record(self.ledger.name, self.ledger.name, subnet, str(disk), disk_mebibytes=self.disk_mebibytes)
        lab = Lab(self.folder, self.engine, record)
        make_key(self.folder / "identity")
        make_authority(lab.authority)
        self.tell(f"Network {subnet}: two servers with a shop on each, two nameservers, a provider")
        with ThreadPoolExecutor() as several:
            machines = {place: several.submit(_server, lab, place, disk) for place in ADDRESSES}
            where = [lab.record.address(last) for last in NAMESERVERS]
            servers = {at: several.submit(names.start, self.engine, nameserver, self.ledger.name, at) for at in where}
            self._provider(lab)
            lab.record.nameservers = {address: one.result() for address, one in servers.items()}
            for place, one in machines.items():
                lab.put(place, one.result())
        lab.publish({site: lab.record.machines[place].address for place, sites in SITES.items() for site in sites})
        lab.take_snapshot()
        self.tell("The keeper's folder: configuration, keys, vault, known_hosts")
        keeper.prepare(lab, self.clock.now())
        lab.record.ready = True
        lab.save()
        return lab

    def _network(self) -> str:
        """The first range that is free here; the network has the ledger's name."""
        self.ledger.note("network", self.ledger.name)
        for subnet in SUBNETS:
            gateway = f"{subnet.rpartition('.')[0]}.1"
            options = ("--subnet", subnet, "--gateway", gateway, self.ledger.name)
            try:
                self.engine.docker("network", "create", *options)
            except ProgramFailed as problem:
                if "overlap" not in str(problem):
                    raise
            else:
                return subnet
        raise LabFailed(f"No range from {SUBNETS[0]} to {SUBNETS[-1]} is free for a network.")

    def _provider(self, lab: Lab) -> None:
        token = self.folder / "provider-token"
        token.touch(mode=0o600)
        token.write_text(f"{secrets.token_hex(20)}\n")
        address, port = lab.record.address(1), free_port()
        remote.start(address, port, token, self.ledger.file)
        lab.record.provider_url = f"http://{address}:{port}/v1"
        created = rfc3339(self.clock.now().replace(microsecond=0) - timedelta(seconds=UPTIME_SECONDS))
        lab.provider.keys([Key(KEY_ID, "shop-keeper", lab.public_key, created)])
        for place, last in ADDRESSES.items():
            lab.provider.add(Server(SERVER_IDS[place], place, lab.record.address(last), created, ssh_keys=[KEY_ID]))


def _server(lab: Lab, place: str, disk: Path) -> machine.Machine:
    """One of our hosts, its shop serving."""
    made = lab.new_machine(place, Hardware())
    made.disk.create_from(disk)
    address = lab.record.address(ADDRESSES[place])
    made.boot(address=address, authorized_key=lab.public_key, uptime_seconds=UPTIME_SECONDS)
    shop = Shop(made)
    shop.deploy(SITES[place], lab.authority)
    shop.wait(PAGES[place], lab.authority)
    return made


def make_authority(folder: Path) -> None:
    """A certificate authority: `root.crt` and `root.key`. The edges issue their certificates from it."""
    folder.mkdir(mode=0o700)
    files = ["-keyout", str(folder / "root.key"), "-out", str(folder / "root.crt"), "-subj", "/CN=Outlive lab"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"]
    run(["openssl", "req", "-x509", *curve, *files])
