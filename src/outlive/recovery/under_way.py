"""Whether a rehearsal is at work on this keeper, from its first step until all of it is taken down again."""

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
    file = _opened(room)
    try:
        end = time.monotonic() + patience_seconds
        while not _taken(file, fcntl.LOCK_EX):
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
            return None if _taken(file, fcntl.LOCK_SH) else int(said) if said.isdecimal() else 0
        finally:
            os.close(file)
    return None


def _opened(room: Path) -> int:
    try:
        room.mkdir(parents=True, exist_ok=True, mode=0o711)
        return os.open(room / LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise Failed(f"{room}: {error.strerror}.", hint="Check owner and mode of `keeper.state`.") from error


def _taken(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
