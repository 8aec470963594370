"""Files that are whole or not there, and still there after a power cut: open(2), link(2) and fsync(2)."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_unnamed(folder: Path) -> int | None:
    """A file in the folder's file system that goes with its last descriptor; None where that is not known (NFS, FAT)."""
    if not _DESCRIPTORS.is_dir():
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            return None
        raise


def give_name(descriptor: int, path: Path) -> None:
    """link(2), which fails when the name is taken; durable when it returns."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.link(_DESCRIPTORS / str(descriptor), path.name, dst_dir_fd=folder, follow_symlinks=True)
        os.fsync(folder)
    finally:
        os.close(folder)


def write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
