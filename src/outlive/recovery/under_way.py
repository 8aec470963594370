"""The locks of recoveries; above all: whether a rehearsal is at work here, until all of it is taken down again."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from outlive.errors import Failed, UsageError

LOCK = "lock-rehearse"
PATIENCE_SECONDS = 150.0  # one that a kill has hit ends what it has begun, which may take a minute
PAUSE_SECONDS = 0.2


@contextmanager
def the_only_one(room: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Never two at once, of whatever hosts. Raises `UsageError` while another one does not end."""
    file = opened(room, LOCK)
    try:
        end = time.monotonic() + patience_seconds
        while not taken(file):
            if time.monotonic() >= end:
                hint = "Watch it in `outlive status`; there is one at a time."
                raise UsageError("another rehearsal is under way here.", hint=hint)
            time.sleep(PAUSE_SECONDS)
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)


def is_under_way(room: Path) -> bool:
    """Asks by a lock of a moment, which `the_only_one` waits for. False where it cannot be asked."""
    return _carrier(room) is not None


def insist_on_own(room: Path, parent: int) -> None:
    """A rehearsal that is under way is carried on and taken down by itself, and by the processes that it starts (`parent` is
    who started this one): nobody else interferes. Raises `UsageError`."""
    if _carrier(room) not in (None, parent):
        hint = "It takes down by itself what it makes; `outlive status` says whether it is over."
        raise UsageError("a rehearsal is under way here.", hint=hint)


def _carrier(room: Path) -> int | None:
    """The process that carries one; 0 for one that has not said which it is."""
    with suppress(OSError):
        file = os.open(room / LOCK, os.O_RDONLY)
        try:
            said = os.pread(file, 32, 0).decode("ascii", "replace")
            return None if taken(file, fcntl.LOCK_SH) else int(said) if said.isdecimal() else 0
        finally:
            os.close(file)
    return None


def opened(room: Path, named: str) -> int:
    """A descriptor of the lock of that name, for `taken`; whoever closes it gives it up. Raises `Failed`."""
    try:
        room.mkdir(parents=True, exist_ok=True, mode=0o711)  # Postgres' programs work below it as another user
        return os.open(room / named, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise Failed(f"{room}: {error.strerror}.", hint="Check owner and mode of `keeper.state`.") from error


def taken(file: int, how: int = fcntl.LOCK_EX) -> bool:
    """False while another process has it."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
