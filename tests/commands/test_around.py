"""The script that undoes what it did, run by whatever `sh` is here."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from outlive.commands import around

pytestmark = pytest.mark.slow

SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]


def words(shell: str, script: tuple[str, ...]) -> list[str]:
    """The same command with both shells replaced by this one."""
    inner = "busybox sh" if shell == "busybox" else shell
    outer, *rest = script
    assert outer == "sh"
    return [*inner.split(), *(word.replace("; sh -c", f"; {inner} -c") for word in rest)]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def beating(script: list[str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(around.BEAT)
    process.stdin.flush()
    return process


@pytest.mark.parametrize("status", [0, 1, 2, 77])
def test_the_status_of_the_work_is_the_status(shell: str, status: int, tmp_path: Path) -> None:
    script = around.around(("sh", "-c", f"echo out; exit {status}"), before="echo no", after=f"touch {tmp_path}/undone")
    process = beating(words(shell, script))
    assert process.stdout
    assert process.stdout.read() == b"out\n", "and hooks do not write into the stream"
    assert process.wait(timeout=20) == status
    process.communicate()
    assert (tmp_path / "undone").exists()


def test_silence_ends_the_work_and_is_undone(shell: str, tmp_path: Path) -> None:
    """The keeper is alive no more, but nothing tells the host: no packet comes."""
    script = around.around(("sleep", "60"), after=f"touch {tmp_path}/undone")
    quick = tuple(word.replace(f"timeout {around.SILENCE_SECONDS} ", "timeout 1 ") for word in script)
    assert quick != script
    began = time.monotonic()
    process = beating(words(shell, quick))
    assert process.wait(timeout=20) == around.CUT
    assert time.monotonic() - began < 10
    assert (tmp_path / "undone").exists()
    process.communicate()


def test_the_end_of_input_ends_the_work_and_is_undone(shell: str, tmp_path: Path) -> None:
    process = beating(words(shell, around.around(("sleep", "60"), after=f"touch {tmp_path}/undone")))
    process.communicate(timeout=20)
    assert process.returncode == around.CUT
    assert (tmp_path / "undone").exists()


def test_what_hooks_say_is_told_and_quotes_survive(shell: str) -> None:
    process = beating(words(shell, around.around(("true",), before="echo \"it's\" 'a $mess'; exit 3")))
    assert process.wait(timeout=20) == around.SET_UP_FAILED
    assert b"outlive: the hook before: it's a $mess" in process.communicate()[1]


def test_without_hooks_nothing_is_wrapped() -> None:
    assert around.around(("tar", "-c")) == ("tar", "-c")
