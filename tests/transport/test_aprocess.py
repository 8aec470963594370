"""Child processes for looks: bounded in time and words, none left behind."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from outlive.errors import CommandFailed
from outlive.lab.ground.process import wait_until
from outlive.transport import aprocess

pytestmark = pytest.mark.slow


def run(*argv: str, seconds: float = 5) -> aprocess.Completed:
    return asyncio.run(aprocess.run(argv, timeout_seconds=seconds))


def test_status_words_and_complaints_come_back() -> None:
    done = run("sh", "-c", "echo said; echo complained >&2; exit 3")
    assert (done.status, done.text, done.stderr) == (3, "said\n", "complained\n")


def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    with pytest.raises(CommandFailed, match="no end after 1 s"):
        run("sh", "-c", f"sleep 300 & echo $! >{mark}; wait", seconds=1)
    wait_until(lambda: not _lives(int(mark.read_text())), "the child's end", 10)


def test_one_that_says_too_much_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(CommandFailed, match="said more than"):
        run("yes", seconds=30)
    assert time.monotonic() - began < 20


def test_one_that_is_not_there_is_told() -> None:
    with pytest.raises(CommandFailed, match="not installed"):
        run("no-such-program")


def test_being_cancelled_ends_it(tmp_path: Path) -> None:
    mark = tmp_path / "pid"

    async def cancelled() -> None:
        script = f"echo $$ >{mark}; exec sleep 300"
        task = asyncio.ensure_future(aprocess.run(("sh", "-c", script), timeout_seconds=300))
        await asyncio.to_thread(wait_until, lambda: mark.exists() and mark.read_text(), "its start", 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    wait_until(lambda: not _lives(int(mark.read_text())), "its end", 10)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
