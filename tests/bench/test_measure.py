"""The measuring is right about commands whose cost is known beforehand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measure import Command, measure

CHILD_HOLDS_64_MB = (
    "import subprocess, sys;"
    "subprocess.run([sys.executable, '-c', 'import time; held = bytes(b\"x\" * (64 << 20)); time.sleep(0.3)'])"
)
CHILD_BURNS = (
    "import subprocess, sys;"
    "subprocess.run([sys.executable, '-c', 'import time\\nwhile time.process_time() < 0.3: pass'])"
)


FORKS = (
    "import os, time; held = bytes(b'x' * (64 << 20)); child = os.fork(); time.sleep(0.3);"
    "child and os.waitpid(child, 0)"
)


ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, script: str) -> tuple[float, float, int]:
    command = Command((sys.executable, "-c", script), {})
    cost = measure(command, tmp_path / "log", folder=tmp_path, server_pid=os.getpid())
    return cost.seconds, cost.cpu_seconds, cost.rss_bytes


def test_time_asleep_is_no_processor_time(tmp_path: Path) -> None:
    seconds, cpu, _ = run(tmp_path, "import time; time.sleep(0.3)")
    assert seconds >= 0.3 and cpu < 0.25


@pytest.mark.slow
def test_processor_time_of_children_counts(tmp_path: Path) -> None:
    assert run(tmp_path, CHILD_BURNS)[1] >= 0.3


@pytest.mark.slow
def test_memory_of_children_counts(tmp_path: Path) -> None:
    assert run(tmp_path, CHILD_HOLDS_64_MB)[2] >= 64 << 20


@pytest.mark.slow
def test_memory_of_a_fork_is_counted_once(tmp_path: Path) -> None:
    """Measured by a process that is small itself: a child is as large as its parent until it has become the command."""
    measured = f"from tests.bench.test_measure import *; print(run(Path({str(tmp_path)!r}), {FORKS!r})[2])"
    told = subprocess.run([sys.executable, "-c", measured], capture_output=True, text=True, check=True, cwd=ROOT)
    assert 64 << 20 <= int(told.stdout) < 128 << 20


def test_a_command_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"exit 3(.|\n)*no such thing"):
        run(tmp_path, "import sys; print('no such thing'); sys.exit(3)")
