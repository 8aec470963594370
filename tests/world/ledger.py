"""What this run of the tests started, written down, so that the next one can end it should this one be killed.

Everything is ended by its owner in the ordinary way; the ledger is for SIGKILL, power cuts and what an interrupted
start left.
"""

from __future__ import annotations

import atexit
import os
from pathlib import Path

from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.ledger import Kind, Ledger, is_alive, process_mark

_registered = False


def own() -> Ledger:
    """The ledger of this process; what is still open in it when the process exits is ended then."""
    global _registered
    mark = process_mark(os.getpid())
    ledger = Ledger(_folder() / f"{mark}.ledger", mark)
    if not _registered:
        atexit.register(lambda: own().end_all())
        _registered = True
    return ledger


def note(kind: Kind, value: object) -> None:
    own().note(kind, value)


def strike(kind: Kind, value: object) -> None:
    own().strike(kind, value)


def note_process(pid: int) -> None:
    own().note_process(pid)


def new_directory(name: str) -> Path:
    return own().new_directory(name)


def discard(directory: Path | None) -> None:
    own().discard(directory)


def sweep() -> list[str]:
    """Ends what dead runs left behind; returns a line for each thing it had to end."""
    swept: list[str] = []
    for file in sorted(_folder().glob("*.ledger")):
        if not is_alive(file.stem):
            swept += Ledger(file, file.stem).end_all()
    return swept


def _folder() -> Path:
    folder = cache_root() / "run"
    folder.mkdir(exist_ok=True)
    return folder
