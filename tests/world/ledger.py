"""What this run started, written down, so that the next one can end it should this one be killed.

Everything is ended by its owner in the ordinary way; the ledger is for SIGKILL, power cuts and what an interrupted
start left. A process is known by its id *and* its start time: an id alone may belong to somebody else by then.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.world.cache import cache_root, remove

_registered = False


def process_mark(pid: int) -> str:
    """`pid:start-time`, or an empty string when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else f"{pid}:{fields[19]}"


def note(kind: str, value: object) -> None:
    """Writes down that we now own `value`; `kind` is process, container, mount, directory, user or file."""
    _write("+", kind, value)


def strike(kind: str, value: object) -> None:
    """Its owner has ended it."""
    _write("-", kind, value)


def note_process(pid: int) -> None:
    note("process", process_mark(pid))


def new_directory(name: str) -> Path:
    """A fresh, short-named directory (Unix socket paths are limited to 107 bytes) that anybody may enter."""
    made = Path(tempfile.mkdtemp(prefix=f"ow-{name}-"))
    note("directory", made)
    made.chmod(0o755)
    return made


def discard(directory: Path | None) -> None:
    """Removes a directory made by `new_directory`."""
    if directory is not None:
        remove(directory)
        strike("directory", directory)


def sweep() -> list[str]:
    """Ends what dead runs left behind; returns a line for each thing it had to end."""
    swept: list[str] = []
    for ledger in sorted(_folder().glob("*.ledger")):
        owner = ledger.stem
        if process_mark(int(owner.partition(":")[0])) != owner:
            swept += _end_all(ledger)
    return swept


def _end_all(ledger: Path) -> list[str]:
    """Newest first, as a directory may hold a mount that came later."""
    still_open: dict[str, None] = {}
    for line in ledger.read_text().splitlines():
        sign, _, entry = line.partition(" ")
        if sign == "+":
            still_open[entry] = None
        else:
            still_open.pop(entry, None)
    ended = [entry for entry in reversed(still_open) if _end(*entry.split(" ", 1))]
    ledger.unlink(missing_ok=True)
    return ended


def _end(kind: str, value: str) -> bool:
    """Whether there was something left to end."""
    if kind == "process":
        alive = value != "" and process_mark(int(value.partition(":")[0])) == value
        if alive:
            os.kill(int(value.partition(":")[0]), signal.SIGKILL)
        return alive
    if kind == "directory":
        there = Path(value).exists()
        shutil.rmtree(value, ignore_errors=True)
        return there
    commands = {
        "mount": ["umount", "--lazy", value],
        "user": ["userdel", "--force", "--remove", value],
        "file": ["rm", "--", value],
        "container": ["/usr/bin/docker", "rm", "--force", "--volumes", value],
    }
    try:
        return subprocess.run(commands[kind], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _write(sign: str, kind: str, value: object) -> None:
    global _registered
    with _own().open("a") as ledger:
        ledger.write(f"{sign} {kind} {value}\n")
    if not _registered:
        atexit.register(_end_own)
        _registered = True


def _end_own() -> None:
    if _own().exists():
        _end_all(_own())


def _folder() -> Path:
    folder = cache_root() / "run"
    folder.mkdir(exist_ok=True)
    return folder


def _own() -> Path:
    return _folder() / f"{process_mark(os.getpid())}.ledger"
