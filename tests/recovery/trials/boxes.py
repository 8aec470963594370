"""Stages for data on a detachable volume: the real commands with a real block device, boxed in a mount namespace of
their own, so that what they mount and write below /etc is nobody else's. Containers and boots:
`../steps/test_volume_device.py`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from outlive.lab.ground.process import run as ran
from outlive.lab.ground.process import wait_until
from outlive.recovery.steps.base import Inputs
from outlive.recovery.steps.registry import STEPS
from outlive.transport.base import Completed
from outlive.transport.local import LocalShell
from tests.recovery.steps.carrying import world
from tests.recovery.trials.outside import Outside, Watched
from tests.recovery.trials.stage import Stage

POINT = "/mnt/outlive-uploads"
ASSETS = '[[assets]]\nname = "uploads"\nkind = "path"\nhost = "web-1"\npath = "{place}"\n'
BEFORE = {
    "mount-volume": (),
    "copy-to-volume": ("mount-volume",),
    "switch-to-volume": ("mount-volume", "copy-to-volume"),
    "use-volume": ("mount-volume", "copy-to-volume"),
}
BOX = """
set -e
mkdir "$1/lib" "$1/mnt" "$1/run" "$1/etc" "$1/work"
mount --bind "$1/lib" /var/lib
mount --bind "$1/mnt" /mnt
mount --bind "$1/run" /run
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/etc,workdir=$1/work" /etc
: > /etc/fstab
touch "$1/ready"
exec sleep 100000
"""


@dataclass
class Box(LocalShell):
    """A machine whose mounts are its own, with a blank volume plugged in."""

    folder: Path
    name: str = "web-1"
    device: str = ""
    holder: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        room = self.folder / "box"
        room.mkdir()
        with (room / "volume").open("wb") as file:
            file.truncate(1 << 30)
        self.device = ran(["losetup", "--find", "--show", str(room / "volume")]).strip()
        words = ("unshare", "--mount", "--propagation", "private", "sh", "-c", BOX, "box", str(room))
        self.holder = holder = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        wait_until(lambda: (room / "ready").exists() or holder.poll() is not None, "the box", seconds=60)

    def close(self) -> None:
        if self.holder is not None:
            self.holder.kill()
            self.holder.wait()
        ran(["losetup", "--detach", self.device])
        ran(["chattr", "-R", "-f", "-i", str(self.folder)])

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> Completed:
        assert self.holder is not None
        inside = ("nsenter", "--target", str(self.holder.pid), "--mount", "--", *argv)
        return super().run(inside, stdin=stdin, timeout_seconds=timeout_seconds)

    def says(self, script: str) -> str:
        return self.run(("sh", "-c", script)).text.strip()


@dataclass
class Boxes:
    """One at a time."""

    current: Box | None = None

    def close(self) -> None:
        if self.current is not None:
            self.current.close()
            self.current = None

    def stage(self, kind: str, folder: Path, *, formats: bool = True) -> Stage:
        """Without `formats` a file system is there already."""
        self.close()
        place = folder / "place"
        place.mkdir(parents=True)
        (place / "receipt").write_text("precious")
        (folder / "more.toml").write_text(ASSETS.format(place=place))
        self.current = box = Box(folder)
        box.start()
        if not formats:
            ran(["mkfs.ext4", "-q", box.device])
        outside = Outside()
        shell = Watched(box, outside)
        here = replace(world(folder), shell=lambda host: shell)
        args: dict[str, Any] = {"asset": "uploads"} | ({"format": "ext4"} if formats else {})
        facts = {"order": {"volume_device": box.device, "volume_gigabytes": 1}}
        prepared: list[str] = []

        def again(run: str) -> None:
            for one in BEFORE[kind] if not prepared else ():
                STEPS[one].do(here, Inputs(run, "earlier", args, facts), 60.0)
            if kind == "use-volume" and not prepared:
                (place / "receipt").unlink()  # as on another machine
            prepared.append(run)

        ends = Ends(kind, box, place)
        acts = lambda said: "set -eu" in said  # noqa: E731  # what only looks has no lock; to be killed there is nothing
        return Stage(kind, here, outside, ends.done, ends.undone, args, facts, again, matters=acts)


@dataclass(frozen=True)
class Ends:
    kind: str
    box: Box
    place: Path

    def done(self) -> None:
        assert self._is_mounted(POINT) and self._fstab() == 1 + self._is_switched
        if self.kind != "mount-volume":
            assert self.box.says(f"cat {POINT}/data/receipt; ls -A {POINT}/data") == "preciousreceipt"
            assert self.box.says(f"cat {self.place}/receipt") == "precious"
        assert self._is_mounted(str(self.place)) is self._is_switched

    def undone(self) -> None:
        """What is on the volume stays there, when it is whole."""
        assert self._is_mounted(POINT) is (self.kind != "mount-volume") and not self._is_mounted(str(self.place))
        assert self._fstab() == (self.kind != "mount-volume")
        assert self.box.says("ls /etc/systemd/system/docker.service.d 2>/dev/null || :") == ""
        found = self.box.says(f"ls -A {self.place}")
        assert found == ("" if self.kind == "use-volume" else "receipt")
        assert ".data.outlive-partial" not in self.box.says(f"ls -A {POINT} 2>/dev/null || :")

    @property
    def _is_switched(self) -> bool:
        return self.kind in ("switch-to-volume", "use-volume")

    def _is_mounted(self, where: str) -> bool:
        return self.box.says(f"mountpoint -q {where} && echo yes || :") == "yes"

    def _fstab(self) -> int:
        return len([line for line in self.box.says("cat /etc/fstab").splitlines() if not line.startswith("#")])
