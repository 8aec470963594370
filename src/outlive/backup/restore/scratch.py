"""Folders for throwaway servers: made, held and removed; and what a killed run left of them swept away."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from outlive.errors import DrillFailed, OutliveError
from outlive.transport import process

LABEL = "outlive.drill"  # of containers that work in such a folder; its value is the folder
_PREFIX = "drill-"
_LOCK = "lock"


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder of its own, removed whatever happens. Short, because a Unix socket's path may have only 107 bytes.

    What earlier runs left because they were killed is removed first: their lock went with them. Raises `DrillFailed`.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        _sweep(parent)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    except OSError as error:
        raise DrillFailed(f"{error.filename or parent}: {error.strerror}.", hint=ROOM) from error
    try:
        with (folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


ROOM = "A drill and a restore into a server need a folder with room for the whole cluster: `keeper.state`."


def remove_containers(folder: Path) -> None:
    """Those that work in the folder. Quiet when there are none, or no Docker."""
    with suppress(OutliveError):
        asked = ("docker", "ps", "--all", "--quiet", "--filter", f"label={LABEL}={folder}")
        if found := process.run(asked, timeout_seconds=30).text.split():
            process.run(("docker", "rm", "--force", "--volumes", *found), timeout_seconds=60)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError), (folder / _LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # OSError: it is being worked in
            remove_containers(folder)
            shutil.rmtree(folder, ignore_errors=True)
