"""A tiny disk that really runs full."""

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
    here.mkdir()
    try:
        if not _mount_ext4(home / "image", here, mebibytes):
            _mount_tmpfs(here, mebibytes)
        ledger.note("mount", here)
        try:
            yield here
        finally:
            run(["umount", "--lazy", here])  # lazily: a test that failed may still hold a file open
            ledger.strike("mount", here)
    finally:
        ledger.discard(home)


def _mount_ext4(image: Path, here: Path, mebibytes: int) -> bool:
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    run([program("mkfs.ext4", package="e2fsprogs"), "-q", "-F", "-m", "0", image])
    # mount attaches the loop device itself and frees it again on umount
    return subprocess.run(["mount", "-o", "loop", image, here], capture_output=True).returncode == 0


def _mount_tmpfs(here: Path, mebibytes: int) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", here], capture_output=True)
    if done.returncode != 0:
        raise Missing(f"neither a loop device nor tmpfs can be mounted: {done.stderr.decode().strip()}")
