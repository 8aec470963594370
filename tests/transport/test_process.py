"""Children are ended with all that they started: a folder is removed behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.errors import CommandFailed
from outlive.lab.ground.process import wait_until
from outlive.transport.process import Process, run

pytestmark = pytest.mark.slow

STARTS_ANOTHER = "sleep 600 & echo $! > {file}; wait"


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "zombie" not in status.read_text()


def pid_in(file: Path) -> int:
    wait_until(lambda: file.exists() and file.read_text().endswith("\n"), "the grandchild")
    return int(file.read_text())


def test_a_time_out_ends_the_grandchildren_before_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with pytest.raises(CommandFailed, match="no end after"):
        run(("sh", "-c", STARTS_ANOTHER.format(file=file)), timeout_seconds=2)
    assert not is_alive(pid_in(file))


def test_an_interruption_ends_them_as_well(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    with pytest.raises(KeyboardInterrupt), Process(("sh", "-c", STARTS_ANOTHER.format(file=file))):
        pid = pid_in(file)
        assert is_alive(pid)
        raise KeyboardInterrupt
    wait_until(lambda: not is_alive(pid), "the grandchild's end")


def test_what_ends_by_itself_is_heard_whole() -> None:
    done = run(("sh", "-c", "cat; echo wrong >&2; exit 3"), stdin=b"said")
    assert (done.status, done.stdout, done.stderr) == (3, b"said", "wrong\n")
