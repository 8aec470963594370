"""Tiny disks that really run full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from outlive.lab.ground.cache import is_root
from outlive.lab.ground.disk import make_image, mount, unmount
from outlive.lab.ground.missing import Missing
from tests.world import ledger


@contextmanager
def small_disk(mebibytes: int = 16, *, memory: bool = False) -> Iterator[Path]:
    """A mounted file system of that size: ext4 on a loop device, or tmpfs where there are none, or with `memory`. Root
    only."""
    if not is_root():
        raise Missing("mounting a small disk takes root")
    home = ledger.new_directory("disk")
    here = home / "disk"
    try:
        if not memory:
            make_image(home / "image", mebibytes)
        try:
            if memory:
                raise Missing("a loop device is not wanted")
            mount(["-o", "loop", str(home / "image")], here, ledger.own())
        except Missing:
            mount(["-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs"], here, ledger.own())
        try:
            yield here
        finally:
            unmount(here, ledger.own())
    finally:
        ledger.discard(home)
