"""Jobs as processes: what they say, that they end when they must, and that nothing of them stays."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.engine.port import Interrupted
from outlive.keeper.children import Children, StepEnded
from outlive.lab.ground.process import wait_until
from tests.keeper.homes import home

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
    """Its backup waits for a secret that never comes."""
    words = f'kind = "postgres_dump"\ndsn = {{ command = ["sleep", "{seconds}"] }}'
    return home(folder, more=f'[[assets]]\nname = "db"\n{words}\n')


def test_a_job_answers_in_json(tmp_path: Path) -> None:
    answer = Children(home(tmp_path)).run(["backup", "files"], 60)
    assert answer["exit_code"] == 0
    assert [copy["asset"] for copy in answer["document"]["copies"]] == ["files"]


def test_a_job_that_fails_says_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(StepEnded, match=r"outlive drill files: exit 2: .*There is no copy of 'files'"):
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
        children.run(["backup", "db"], 6)
    assert time.monotonic() - before < 20, "it was asked, and ended by itself"
    wait_until(lambda: not sleepers("4711.5"), "the end of its children", 5)


def test_a_job_that_does_not_even_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deep in a library that waits for a store that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as store:
        config = home(tmp_path)
        port = store.getsockname()[1]
        monkeypatch.setenv("NO_SECRET", "x")
        key = '{ env = "NO_SECRET" }'
        words = f'url = "s3://bucket/x"\nendpoint = "http://127.0.0.1:{port}"\naccess_key = {key}\nsecret_key = {key}'
        config.write_text(config.read_text().replace('url = "vault"', words))
        children = Children(config, grace_seconds=1)
        before = time.monotonic()
        with pytest.raises(StepEnded, match="no end after 5 s"):
            children.run(["copies"], 5)
    assert time.monotonic() - before < 12
    assert jobs_of(os.getpid()) == []


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
            children.run(["backup", "db"], 60)
        except BaseException as error:  # noqa: BLE001 - Interrupted is none of the others
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: bool(sleepers("4713.5")), "the job", 20)
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
Children(Path(sys.argv[1])).run(["backup", "db"], 60)
"""


def test_a_job_dies_with_the_keeper(tmp_path: Path) -> None:
    """An orphan would go on copying beside the job that the next keeper starts."""
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, str(hanging(tmp_path, "4714.5"))])
    try:
        wait_until(lambda: bool(sleepers("4714.5")), "the job", 20)
        job = jobs_of(keeper.pid)[0]
    finally:
        keeper.kill()
        keeper.wait()
    wait_until(_gone(job), "the end of the job", 10)
    wait_until(lambda: not sleepers("4714.5"), "the end of its children", 5)


def _gone(pid: int) -> Callable[[], bool]:
    return lambda: not Path(f"/proc/{pid}").exists()
