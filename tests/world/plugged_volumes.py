"""A Hetzner whose volumes are real block devices of a machine of the tests: a sparse file on a loop device, which appears on
the machine under the volume's own name when it is plugged in, as udev has it there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import run
from tests.world.hetzner_volumes import HetznerVolumesApi
from tests.world.machine import Machine


@dataclass
class PluggedVolumes(HetznerVolumesApi):
    """`folder` is where the files are; `loops` are the devices by the volume's id."""

    machine: Machine = None  # type: ignore[assignment]
    folder: Path = Path()
    loops: dict[int, str] = field(default_factory=dict)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        for number in list(self.loops):
            self._free(number)

    def plug_in(self, volume: dict[str, Any], server: int) -> None:
        super().plug_in(volume, server)
        self.appear(volume)

    def plug_out(self, volume: dict[str, Any]) -> None:
        super().plug_out(volume)
        self.there(f"rm -f {volume['linux_device']}")
        self._free(volume["id"])

    def appear(self, volume: dict[str, Any]) -> None:
        """As a blank one the first time, and with what is on it later."""
        file = self.folder / f"volume-{volume['id']}"
        if not file.exists():
            with file.open("wb") as made:
                made.truncate(volume["size"] << 30)
        if volume["id"] not in self.loops:
            self.loops[volume["id"]] = run(["losetup", "--find", "--show", str(file)]).strip()
        loop = self.loops[volume["id"]]  # the same after a boot, which forgets its name
        number = loop.removeprefix("/dev/loop")
        link = volume["linux_device"]
        words = f"[ -b {loop} ] || mknod {loop} b 7 {number}; mkdir -p /dev/disk/by-id; ln -sfn {loop} {link}"
        self.there(words)

    def there(self, words: str) -> None:
        """As udev does it on the machine."""
        self.machine.ssh(words)

    def _free(self, number: int) -> None:
        """What is still mounted from it on the machine goes with the machine; the kernel frees it then."""
        with suppress(ProgramFailed):
            run(["losetup", "--detach", self.loops.pop(number)])
