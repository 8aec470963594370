"""One at a time: an advisory lock on a file, given back by the kernel when its holder dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from outlive.errors import Failed


class Busy(Failed):
    """It is already being done by another process."""

    hint = "Wait until it ends. The lock goes with the process; there is nothing to clean up."


class StateUnusable(Failed):
    """The keeper's own folder cannot be written; nothing was begun."""

    hint = "Check owner, mode and free space of `keeper.state` in outlive.toml. Earlier copies are intact."


@contextmanager
def only_one(folder: Path, what: str) -> Iterator[None]:
    """Holds the lock for `what`. Raises `Busy` at once when somebody else has it (flock(2)), `StateUnusable` when the
    folder cannot be written."""
    with _lock_file(folder / (what.replace(" ", "-").replace("/", "_") + ".lock")) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"({what})") from None
        except OSError as error:
            raise StateUnusable(f"{folder}: {error.strerror}.") from error
        yield


def _lock_file(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path.open("w")
    except OSError as error:
        raise StateUnusable(f"{error.filename or path}: {error.strerror}.") from error
