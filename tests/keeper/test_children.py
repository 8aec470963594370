"""Jobs as processes: what they say, that they end when they must, and that nothing of them stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.engine.port import Interrupted
from outlive.keeper.children import Children, StepEnded
from tests.keeper.homes import home
from tests.world.process import wait_until

pytestmark = pytest.mark.slow


def sleepers(mark: str) -> list[int]:
    """The processes whose command line holds the mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in words:
            found.append(int(folder.name))
    return found


def hanging(folder: Path, seconds: str) -> Path:
    """A backup whose hook sleeps; a hook of its own says that it was cleaned up."""
    words = f'[assets.around]\nbefore = "sleep {seconds}"\nafter = "touch {folder}/cleaned-up"'
    return home(folder, around=words)


def test_a_job_answers_in_json(tmp_path: Path) -> None:
    answer = Children(home(tmp_path)).run(["backup", "files"], 60)
    assert answer["exit_code"] == 0
    assert [copy["asset"] for copy in answer["document"]["copies"]] == ["files"]


def test_a_job_that_fails_says_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(StepEnded, match=r"outlive drill files: exit \d: .*there is no copy of 'files'"):
        Children(home(tmp_path)).run(["drill", "files"], 60)


def test_what_lies_in_the_working_directory_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = home(tmp_path)
    (tmp_path / "runpy.py").write_text("raise SystemExit('a stranger was loaded')")
    (tmp_path / "outlive.py").write_text("raise SystemExit('a stranger was loaded')")
    monkeypatch.chdir(tmp_path)
    assert Children(config).run(["copies"], 60)["exit_code"] == 0


def test_a_job_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    children = Children(hanging(tmp_path, "4711.5"))
    before = time.monotonic()
    with pytest.raises(StepEnded, match="no end after 6 s"):
        children.run(["backup", "files"], 6)
    assert time.monotonic() - before < 20
    assert (tmp_path / "cleaned-up").exists(), "it was asked first, and cleaned up"
    wait_until(lambda: not sleepers("4711.5"), "the end of its children", 5)


def test_a_job_that_does_not_even_listen_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    children = Children(hanging(tmp_path, "4712.5"), grace_seconds=1)
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            children.run(["backup", "files"], 8)
        except StepEnded as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: bool(sleepers("4712.5")), "the hook", 20)
    job = jobs_of(os.getpid())[0]
    os.kill(job, signal.SIGSTOP)
    thread.join(30)
    assert "no end after" in str(outcome[0])
    wait_until(lambda: not sleepers("4712.5"), "the end of its children", 5)


def jobs_of(parent: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        found += [int(pid) for pid in task.read_text().split()]
    return [pid for pid in found if b"runpy" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_ending_all_interrupts_what_runs_and_lets_nothing_begin(tmp_path: Path) -> None:
    children = Children(hanging(tmp_path, "4713.5"))
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            children.run(["backup", "files"], 60)
        except BaseException as error:  # noqa: BLE001 - Interrupted is none of the others
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: bool(sleepers("4713.5")), "the hook", 20)
    children.end_all()
    thread.join(10)
    assert isinstance(outcome[0], Interrupted), "not a failure: it is gone on with"
    wait_until(lambda: not sleepers("4713.5"), "the end of its children", 5)
    with pytest.raises(Interrupted):
        children.run(["copies"], 60)


KEEPER = """
import sys
from pathlib import Path
from outlive.keeper.children import Children
Children(Path(sys.argv[1])).run(["backup", "files"], 60)
"""


def test_a_job_dies_with_the_keeper(tmp_path: Path) -> None:
    """An orphan would go on copying beside the job that the next keeper starts."""
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, str(hanging(tmp_path, "4714.5"))])
    try:
        wait_until(lambda: bool(sleepers("4714.5")), "the hook", 20)
        job = jobs_of(keeper.pid)[0]
    finally:
        keeper.kill()
        keeper.wait()
    wait_until(_gone(job), "the end of the job", 10)
    wait_until(lambda: not sleepers("4714.5"), "the end of its children", 5)
    assert (tmp_path / "cleaned-up").exists()


def _gone(pid: int) -> Callable[[], bool]:
    return lambda: not Path(f"/proc/{pid}").exists()
