"""One at a time: an advisory lock on a file, given back by the kernel when its holder dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from outlive.errors import Failed


class Busy(Failed):
    """It is already being done by another process."""

    hint = "Wait until it ends. The lock goes with the process; there is nothing to clean up."


@contextmanager
def only_one(folder: Path, what: str) -> Iterator[None]:
    """Holds the lock for `what`. Raises `Busy` at once when somebody else has it (flock(2))."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / (what.replace(" ", "-").replace("/", "_") + ".lock")).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"({what})") from None
        yield
