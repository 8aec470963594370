"""Disks made of a file: an ext4 in it, mounted here, and handed to a container that plays a machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from outlive.lab.ground.ledger import Ledger
from outlive.lab.ground.missing import Missing
from outlive.lab.ground.process import program, run

MEBIBYTES = 4096  # sparse: it takes what is written to it


class Disk:
    """`folder/image`, mounted at `folder/root`. What it owns is written into the ledger. `mebibytes` is how large a new one
    is at least: one from an image has that one's size, or grows to this."""

    def __init__(self, folder: Path, ledger: Ledger, mebibytes: int = MEBIBYTES) -> None:
        self.folder = folder
        self.image = folder / "image"
        self.root = folder / "root"
        self.mebibytes = mebibytes
        self._ledger = ledger

    def create(self) -> None:
        """An empty one."""
        self._claim()
        make_image(self.image, self.mebibytes)
        self.mount()

    def create_from(self, image: Path, *, same_uuid: bool = False) -> None:
        """One with the content of that image, and with another UUID: another disk. `same_uuid`: a copy, bit by bit."""
        self._claim()
        copy_image(image, self.image)
        if not same_uuid:
            # cheap, because there are no checksums over it (make_image)
            run([program("tune2fs", package="e2fsprogs"), "-U", "random", self.image])
        if not same_uuid and self.image.stat().st_size < self.mebibytes << 20:
            grow_image(self.image, self.mebibytes)
        self.mount()

    def mount(self) -> None:
        mount(["-o", "loop", str(self.image)], self.root, self._ledger)

    @contextmanager
    def frozen(self) -> Iterator[Path]:
        """The image, while nothing is written to it: a snapshot taken now is whole."""
        run(["fsfreeze", "--freeze", self.root])
        try:
            yield self.image
        finally:
            run(["fsfreeze", "--unfreeze", self.root])

    def remove(self) -> None:
        if self.root.is_mount():
            unmount(self.root, self._ledger)
        self._ledger.discard(self.folder)

    def _claim(self) -> None:
        self._ledger.note("directory", self.folder)
        self.folder.mkdir(parents=True)


def make_image(image: Path, mebibytes: int) -> None:
    """A file holding an empty ext4, without the checksums that would make a new UUID expensive."""
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    run([program("mkfs.ext4", package="e2fsprogs"), "-q", "-F", "-m", "0", "-O", "^metadata_csum", image])


def grow_image(image: Path, mebibytes: int) -> None:
    """One that is not mounted; resize2fs wants it checked before."""
    os.truncate(image, mebibytes << 20)
    run([program("e2fsck", package="e2fsprogs"), "-f", "-p", image])
    run([program("resize2fs", package="e2fsprogs"), image])


def copy_image(image: Path, copy: Path) -> None:
    """Holes stay holes, so it is quick."""
    run(["cp", "--reflink=auto", "--sparse=always", image, copy])


def mount(what: list[str], here: Path, ledger: Ledger) -> None:
    """mount attaches a loop device itself where one is wanted, and umount frees it again."""
    here.mkdir(exist_ok=True)
    ledger.note("mount", here)
    done = subprocess.run(["mount", *what, here], capture_output=True, text=True)
    if done.returncode != 0:
        ledger.strike("mount", here)
        raise Missing(f"cannot mount {what[-1]}: {done.stderr.strip()}")


def unmount(here: Path, ledger: Ledger) -> None:
    run(["umount", "--lazy", here])  # lazily: somebody may still hold a file open
    ledger.strike("mount", here)
