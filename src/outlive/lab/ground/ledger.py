"""What was started, written down before it is, so that it can be ended should its owner be killed.

The lab has one ledger in its folder; `lab down` works through it. A run of the tests has one of its own, which the next
run works through. A process is known by its id *and* its start time: an id alone may belong to somebody else by then.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

from outlive.lab.ground.cache import remove

Kind = Literal["process", "container", "network", "firewall", "mount", "user", "file", "directory", "ledger"]


def process_mark(pid: int) -> str:
    """`pid:start-time`, or an empty string when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else f"{pid}:{fields[19]}"


def is_alive(mark: str) -> bool:
    """Whether the process of that mark still runs, and is the same."""
    return mark != "" and process_mark(int(mark.partition(":")[0])) == mark


class Ledger:
    """The list of what is owned, a line for each thing come or gone, in `file`. `name` also labels its containers."""

    def __init__(self, file: Path, name: str) -> None:
        self.file = file
        self.name = name

    def note(self, kind: Kind, value: object) -> None:
        """Writes down that we own `value`, or are about to."""
        self._write("+", kind, value)

    def strike(self, kind: Kind, value: object) -> None:
        """Its owner has ended it."""
        self._write("-", kind, value)

    def note_process(self, pid: int) -> None:
        self.note("process", process_mark(pid))

    def new_directory(self, name: str) -> Path:
        """A fresh, short-named directory (Unix socket paths are limited to 107 bytes) that anybody may enter."""
        made = Path(tempfile.mkdtemp(prefix=f"ow-{name}-"))
        self.note("directory", made)
        made.chmod(0o755)
        return made

    def discard(self, directory: Path | None) -> None:
        """Removes a directory that was noted here."""
        if directory is not None:
            remove(directory)
            self.strike("directory", directory)

    def end_all(self) -> list[str]:
        """Ends what is still open, newest first, as a directory may hold a mount that came later. Returns what it had to
        end; what could not be ended stays written down."""
        still_open: dict[str, None] = {}
        for line in self.file.read_text().splitlines() if self.file.exists() else ():
            sign, _, entry = line.partition(" ")
            if sign == "+":
                still_open[entry] = None
            else:
                still_open.pop(entry, None)
        ended = [entry for entry in reversed(still_open) if _end(*entry.split(" ", 1))]
        self.file.unlink(missing_ok=True)
        return ended

    def _write(self, sign: str, kind: Kind, value: object) -> None:
        with self.file.open("a") as ledger:
            ledger.write(f"{sign} {kind} {value}\n")


def _end(kind: str, value: str) -> bool:
    """Whether there was something left to end."""
    if kind == "process":
        return _end_process(value)
    if kind == "directory":
        there = Path(value).exists()
        shutil.rmtree(value, ignore_errors=True)
        return there
    if kind == "ledger":
        return bool(Ledger(Path(value), "").end_all())
    commands = {
        "mount": ["umount", "--lazy", value],
        "user": ["userdel", "--force", "--remove", value],
        "file": ["rm", "--", value],
        "container": ["/usr/bin/docker", "rm", "--force", "--volumes", value],
        "network": ["/usr/bin/docker", "network", "rm", value],
        "firewall": ["iptables", "-w", "-D", *value.split()],
    }
    try:
        return subprocess.run(commands[kind], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _end_process(mark: str) -> bool:
    alive = is_alive(mark)
    if alive:
        os.kill(int(mark.partition(":")[0]), signal.SIGKILL)
    return alive
