"""Disks made of a file: tiny ones that really run full, and the disks of the servers in machine.py."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.world import ledger
from tests.world.cache import is_root
from tests.world.need import Missing
from tests.world.process import program, run


@contextmanager
def small_disk(mebibytes: int = 16) -> Iterator[Path]:
    """A mounted file system of that size: ext4 on a loop device, or tmpfs where there are none. Root only."""
    if not is_root():
        raise Missing("mounting a small disk takes root")
    home = ledger.new_directory("disk")
    here = home / "disk"
    try:
        make_image(home / "image", mebibytes)
        try:
            mount_image(home / "image", here)
        except Missing:
            _mount_tmpfs(here, mebibytes)
        try:
            yield here
        finally:
            unmount(here)
    finally:
        ledger.discard(home)


def make_image(image: Path, mebibytes: int) -> None:
    """A file holding an empty ext4, without the checksums that would make a new UUID expensive."""
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    run([program("mkfs.ext4", package="e2fsprogs"), "-q", "-F", "-m", "0", "-O", "^metadata_csum", image])


def copy_image(image: Path, copy: Path) -> None:
    """Another disk with the same content and a UUID of its own. Holes stay holes, so it is quick."""
    run(["cp", "--reflink=auto", "--sparse=always", image, copy])
    run([program("tune2fs", package="e2fsprogs"), "-U", "random", copy])


def mount_image(image: Path, here: Path) -> None:
    """mount attaches a loop device itself, and umount frees it again."""
    _mount(["-o", "loop", str(image)], here)


def unmount(here: Path) -> None:
    run(["umount", "--lazy", here])  # lazily: a test that failed may still hold a file open
    ledger.strike("mount", here)


def _mount_tmpfs(here: Path, mebibytes: int) -> None:
    _mount(["-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs"], here)


def _mount(what: list[str], here: Path) -> None:
    here.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *what, here], capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"cannot mount {what[-1]}: {done.stderr.strip()}")
    ledger.note("mount", here)
