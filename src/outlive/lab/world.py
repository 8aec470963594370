"""A lab that is up: its machines, names and provider, read from its folder and changed there."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from outlive.clock import SystemClock
from outlive.lab import names
from outlive.lab.errors import NoLab
from outlive.lab.ground.disk import MEBIBYTES, Disk, copy_image
from outlive.lab.ground.docker import DockerEngine
from outlive.lab.ground.ledger import Ledger
from outlive.lab.ground.machine import Hardware, Machine
from outlive.lab.provider.remote import Remote
from outlive.lab.record import DOMAIN, PREVIEW, WEB, MachineRecord, Record
from outlive.lab.shop import Shop
from outlive.model.observation import rfc3339

SERVER_IDS = {WEB: 700101, PREVIEW: 700102}
PAGES = {WEB: f"www.{DOMAIN}", PREVIEW: f"preview.{DOMAIN}"}  # the name under which each host's pages are asked for
SITES = {WEB: (DOMAIN, PAGES[WEB]), PREVIEW: (PAGES[PREVIEW],)}
LEDGER = "ledger"
RECORD = "lab.json"


def name_of(folder: Path) -> str:
    """What everything of the lab in that folder is called: the same again when it is brought up again."""
    return f"outlive-lab-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]}"


def read_record(folder: Path) -> Record | None:
    """None where no lab was brought up to the end."""
    file = folder / RECORD
    record = Record.from_json(json.loads(file.read_text())) if file.exists() else None
    return record if record and record.ready else None


class Lab:
    """`Lab.open(folder)`. What changes is written down at once, so that another command goes on where this one ended."""

    def __init__(self, folder: Path, engine: DockerEngine, record: Record) -> None:
        self.folder = folder
        self.engine = engine
        self.record = record

    @classmethod
    def open(cls, folder: Path) -> Lab:
        """Raises NoLab when there is none, or only half of one."""
        record = read_record(folder)
        if record is None:
            raise NoLab(f"None was brought up in {folder}, or not to its end.")
        return cls(folder, DockerEngine(Ledger(folder / LEDGER, record.name)).start(), record)

    @property
    def authority(self) -> Path:
        """The folder of the certificate authority, which keeps its key."""
        return self.folder / "ca"

    @property
    def provider(self) -> Remote:
        return Remote(int(self.record.provider_url.rpartition(":")[2].partition("/")[0]))

    @property
    def public_key(self) -> str:
        """The keeper's, as the provider writes it to new machines."""
        return (self.folder / "identity.pub").read_text().strip()

    @property
    def snapshot(self) -> Path:
        """The image of web-1's disk when the lab came up, or its shop's volume came back."""
        return self.folder / "snapshot"

    def take_snapshot(self) -> None:
        """What `break rollback` goes back to."""
        with self.machine(WEB).disk.frozen() as image:
            copy_image(image, self.snapshot)

    def now(self) -> str:
        return rfc3339(SystemClock().now().replace(microsecond=0))

    def save(self) -> None:
        """Whole or not at all."""
        fresh = self.folder / f"{RECORD}.new"
        fresh.write_text(json.dumps(self.record.to_json(), indent=1))
        fresh.rename(self.folder / RECORD)

    # --- machines ---------------------------------------------------------------------------------------------------

    def machine(self, place: str) -> Machine:
        """The machine that is there now. Raises NoLab when there is none."""
        if place not in self.record.machines:
            raise NoLab(f"There is no machine {place}.")
        one = self.record.machines[place]
        machine = self.new_machine(one.hostname, Hardware(one.uuid, one.serial), Path(one.disk))
        machine.container, machine.address = one.container, one.address
        return machine

    def shop(self, place: str) -> Shop:
        return Shop(self.machine(place))

    def new_machine(self, hostname: str, hardware: Hardware, disk: Path | None = None) -> Machine:
        """One that has no container yet; its disk is to be made."""
        place = disk or self.folder / "disks" / f"{hostname}-{time.time_ns():x}"
        return Machine(
            self.engine,
            name=hostname,
            network=self.record.network,
            disk=Disk(place, self.engine.ledger, self.record.disk_mebibytes or MEBIBYTES),
            hardware=hardware,
        )

    def put(self, place: str, machine: Machine) -> None:
        """From now on that machine is there."""
        self.record.machines[place] = MachineRecord(
            hostname=machine.name,
            container=machine.container,
            address=machine.address,
            disk=str(machine.disk.folder),
            uuid=machine.hardware.uuid,
            serial=machine.hardware.serial,
        )
        self.save()

    def remove(self, place: str) -> None:
        self.machine(place).remove()
        del self.record.machines[place]
        self.save()

    def put_aside(self, place: str) -> None:
        """Takes the machine off the network and stops its time, so that it can come back as it was."""
        machine = self.machine(place)
        machine.plug_out()
        machine.pause()
        del self.record.machines[place]
        self.put(aside(place), machine)

    def bring_back(self, place: str, address: str) -> None:
        machine = self.machine(aside(place))
        machine.unpause()
        machine.plug_in(address)
        del self.record.machines[aside(place)]
        self.put(place, machine)

    # --- names ------------------------------------------------------------------------------------------------------

    def publish(self, changed: dict[str, str]) -> None:
        """These names lead to these addresses from now on, says every nameserver."""
        self.record.names |= changed
        names.publish(self.engine, self.record.nameservers, self.record.names, int(time.time()))
        self.save()


def aside(place: str) -> str:
    """Where a machine is kept while another has its place."""
    return f"{place} (aside)"
