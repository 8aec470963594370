"""A CherryServers that really makes machines: an order boots a server of the lab, with the host key of its user data."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outlive.lab.ground.machine import Hardware, Machine
from outlive.lab.provider.documents import Server
from outlive.lab.up import KEY_ID
from outlive.lab.world import SERVER_IDS, Lab
from tests.world.biting import Answer
from tests.world.cloud import CREATED
from tests.world.makers import CherryApi


@dataclass
class LabCloud(CherryApi):
    """`machines` by their id, in the order in which they were bought; `free` are the addresses that are handed out. Power is
    noted and not switched, so that what is on a machine can be looked at."""

    lab: Lab = None  # type: ignore[assignment]
    free: list[str] = field(default_factory=list)
    machines: dict[int, Machine] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place, number in SERVER_IDS.items():
            self.known.append(Server(number, place, self.lab.record.machines[place].address, CREATED))
        self._booting: dict[int, threading.Thread] = {}

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        for number, machine in self.machines.items():
            self._booting[number].join()
            machine.remove()

    def is_up(self, number: int) -> bool:
        return number not in self._booting or not self._booting[number].is_alive()

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        said = super().answer(method, path, query, body)
        if method == "POST" and path.endswith("/servers"):
            self._make(self.known[-1], body)
        if method == "DELETE":
            with suppress(KeyError):
                self.machines.pop(int(path.rpartition("/")[2])).remove()
        return said

    def _make(self, server: Server, body: dict[str, Any]) -> None:
        server.address = self.free.pop(0)
        machine = self.machines[server.id] = self.lab.new_machine(server.hostname, Hardware())
        thread = self._booting[server.id] = threading.Thread(target=self._boot, args=(machine, server.address, body))
        thread.start()

    def _boot(self, machine: Machine, address: str, body: dict[str, Any]) -> None:
        told = json.loads(b64decode(body["user_data"]).decode().removeprefix("#cloud-config\n"))["ssh_keys"]
        machine.disk.create_from(Path(self.lab.record.seed))
        machine.take_host_key(told["ed25519_private"], told["ed25519_public"])
        key = self.lab.public_key if body["ssh_keys"] == [KEY_ID] else ""
        machine.boot(address=address, authorized_key=key)
