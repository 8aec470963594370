"""What one command costs: seconds, processor seconds, memory. Linux only (/proc)."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outlive.lab.ground.process import as_nobody

SAMPLE_SECONDS = 0.04
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took.

    `seconds` until the command returned; `sync_seconds` how long the file system then needed to have everything on disk
    (near zero for who had fsynced already). `cpu_seconds` of the command and all its children; `server_cpu_seconds` of
    the Postgres server meanwhile. `rss_bytes` is the highest sum of resident memory over the command's process tree.
    """

    seconds: float
    sync_seconds: float
    cpu_seconds: float
    server_cpu_seconds: float
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to run. `unprivileged` as the user that servers run as."""

    argv: Sequence[str]
    env: Mapping[str, str]
    unprivileged: bool = False


def run_to_end(command: Command, log: Path) -> None:
    """Runs it. Raises RuntimeError with what it said when it fails."""
    with log.open("wb") as said:
        child = _start(command, said)
        child.wait()
    _must_be_well(child, command, log)


def measure(command: Command, log: Path, *, folder: Path, server_pid: int) -> Cost:
    """Runs it to its end. Raises RuntimeError with what it said when it fails. The file system of `folder` is synced
    before, so that nobody pays for what another left in the page cache."""
    sync(folder)
    server_before = tree_cpu_seconds(server_pid)
    with log.open("wb") as said:
        started = time.monotonic()
        child = _start(command, said)
        with _Sampler(lambda: tree_rss_bytes(child.pid)) as sampler:
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
    _must_be_well(child, command, log)
    synced = sync(folder)
    server = tree_cpu_seconds(server_pid) - server_before
    return Cost(seconds, synced, usage.ru_utime + usage.ru_stime, server, max(sampler.highest, usage.ru_maxrss * 1024))


def _must_be_well(child: subprocess.Popen[bytes], command: Command, log: Path) -> None:
    if child.returncode != 0:
        raise RuntimeError(f"exit {child.returncode}: {' '.join(command.argv)}\n{log.read_text()[-3000:]}")


def _start(command: Command, said: Any) -> subprocess.Popen[bytes]:
    who = as_nobody() if command.unprivileged else {}
    env = {**os.environ, **command.env}
    return subprocess.Popen(
        list(command.argv), stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=env, cwd="/", **who
    )


def sync(folder: Path) -> float:
    """Has the whole file system on disk; returns how long that took."""
    started = time.monotonic()
    subprocess.run(["sync", "-f", str(folder)], check=True)
    return time.monotonic() - started


class _Sampler:
    """Calls `look` every 40 ms and keeps the highest answer."""

    def __init__(self, look: Callable[[], int]) -> None:
        self.highest = 0
        self._look = look
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> _Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self.highest = max(self.highest, self._look())


def tree(pid: int) -> Iterator[int]:
    """The process and all that live below it."""
    yield pid
    for child in children(pid):
        yield from tree(child)


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def tree_rss_bytes(pid: int) -> int:
    """Of the process and all below it. A child that is still the same program has just been forked: its memory is its
    parent's."""
    try:
        own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:  # it has ended
        return 0
    return own + sum(tree_rss_bytes(child) for child in children(pid) if _program(child) != _program(pid))


def _program(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def tree_cpu_seconds(pid: int) -> float:
    """Processor time of the live processes and of the children they have waited for."""
    ticks = 0
    for member in tree(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / _TICKS
