"""The commands as processes: interrupted anywhere they leave nothing behind; and the demo, as anybody runs it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import outlive as package
from outlive.backup.copies import catalog
from outlive.lab.ground.cache import is_root
from outlive.lab.ground.process import as_nobody, give_to_nobody, wait_until
from tests.backup.made import contents
from tests.cli.home import Done, Home, environment
from tests.cli.shapes import SHAPES, differences
from tests.world import ledger
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.slow
INTERRUPTED = "outlive: interrupted; nothing half-done is counted as done.\n"


@dataclass
class Watched:
    """Processes that can be told by a mark in their environment, which their children inherit."""

    mark: str = field(default_factory=lambda: f"outlive-test-{secrets.token_hex(8)}")

    def start(
        self, *words: str, cwd: Path, env: dict[str, str] | None = None, python: str = sys.executable, **settings: Any
    ) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(
            [python, "-m", "outlive", *words],
            cwd=cwd,
            env=environment({"OUTLIVE_TEST_MARK": self.mark, **(env or {})}),
            **{**pipes, **settings},
        )

    def left(self) -> list[str]:
        """The command lines of marked processes that still run."""
        return [line for line, _ in self.pids()]

    def pids(self) -> list[tuple[str, int]]:
        """The same with their ids."""
        processes = (process for process in Path("/proc").iterdir() if process.name.isdigit())
        return [(line, int(process.name)) for process in processes if (line := self._line(process))]

    def _line(self, process: Path) -> str:
        try:
            if self.mark.encode() not in (process / "environ").read_bytes():
                return ""
            return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended meanwhile
            return ""


def end(process: subprocess.Popen[str], number: int) -> Done:
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return Done(process.returncode, out, err)


@pytest.fixture
def watched() -> Iterator[Watched]:
    """After each test no process is left that it started."""
    watched = Watched()
    yield watched
    wait_until(lambda: watched.left() == [], f"processes that are still there: {watched.left()}", 20)


def test_what_is_left_would_be_seen(tmp_path: Path) -> None:
    """Else the other tests could not fail."""
    watched = Watched()
    mark = {**os.environ, "OUTLIVE_TEST_MARK": watched.mark}
    left = subprocess.Popen(["sh", "-c", "setsid sleep 60 & wait"], env=mark)
    try:
        wait_until(lambda: any("sleep" in line for line in watched.left()), "the sleeping one")
    finally:
        left.kill()
        left.wait()
        for line, pid in watched.pids():
            assert "sleep" in line
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: watched.left() == [], "nothing")


@pytest.fixture
def large(tmp_path: Path) -> Home:
    """A home whose asset takes a while, with one copy of it."""
    home = Home(tmp_path / "home")
    home.write(more=f"[keeper]\npart_bytes = {1 << 20}\n")
    with (home.site / "noise").open("wb") as file:
        for _ in range(150):
            file.write(os.urandom(1 << 20))
    assert home.call("backup").code == 0
    return home


def midway(begun: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Returns when the process is in the middle of its work."""
    wait_until(lambda: begun() or process.poll() is not None, "the middle of the work", 120, every=0.002)
    assert process.poll() is None, "it was too quick to be interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_backup(large: Home, watched: Watched, number: signal.Signals) -> None:
    before = {info.key for info in large.vault.walk("")}
    process = watched.start("backup", cwd=large.folder)
    midway(lambda: len(list(large.vault.walk("copies/"))) > len(before) + 5, process)
    done = end(process, number)
    assert (done.code, done.out, done.err) == (130, "", INTERRUPTED)
    (copy,) = catalog.copies(large.vault, "site")
    contents(large.vault, copy.manifest, large.keys["drill"])
    again = large.call("backup")
    assert again.code == 0 and "were already there" in again.out


def test_a_restore(large: Home, watched: Watched) -> None:
    process = watched.start("restore", "site", "--to", "new", cwd=large.folder)
    midway(lambda: any(large.folder.glob(".new*/noise")), process)
    done = end(process, signal.SIGINT)
    assert (done.code, done.out, done.err) == (130, "", INTERRUPTED)
    assert not (large.folder / "new").exists() and not list(large.folder.glob(".new*"))


def test_a_restore_that_was_killed_is_not_taken_for_one(large: Home, watched: Watched) -> None:
    """SIGKILL: what is left has no name but a temporary one, and the next try is not in its way."""
    process = watched.start("restore", "site", "--to", "new", cwd=large.folder)
    midway(lambda: any(large.folder.glob(".new*/noise")), process)
    assert end(process, signal.SIGKILL).code == -signal.SIGKILL
    assert not (large.folder / "new").exists()
    assert large.call("restore", "site", "--to", "new").code == 0
    assert (large.folder / "new" / "noise").stat().st_size == 150 << 20


def test_before_anything_has_begun(large: Home, watched: Watched) -> None:
    """While Python still loads the command: no traceback."""
    for delay in (0.25, 0.5, 0.8):
        process = watched.start("backup", cwd=large.folder)
        time.sleep(delay)
        done = end(process, signal.SIGINT)
        if done.code == -signal.SIGINT:  # Python itself was still starting
            continue
        assert done.code == 130 and "Traceback" not in done.err, done.err


@pytest.mark.postgres
@pytest.mark.parametrize("wanted", ["data", "postgres"])
def test_a_drill(
    wanted: str, tmp_path: Path, watched: Watched, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted while files are laid out, and while the throwaway server runs."""
    monkeypatch.setenv("PATH", f"{postgres.bin('postgres').parent}:{os.environ['PATH']}")
    monkeypatch.setenv("TEST_DSN", postgres.dsn("postgres"))
    folder = ledger.new_directory("drill")  # short, for a Unix socket
    home = Home(folder / "home")
    home.write('[[assets]]\nname = "db"\nkind = "postgres"\ndsn = { env = "TEST_DSN" }\n')
    assert home.call("backup").code == 0
    process = watched.start("drill", "db", cwd=home.folder)
    drills = home.folder / "state/drills"
    begun = {"data": lambda: any(drills.glob("*/*data*")), "postgres": lambda: any(drills.glob("*/s/.s.PGSQL.*"))}
    midway(begun[wanted], process)
    done = end(process, signal.SIGINT)
    assert done.code == 130 and done.err.endswith(INTERRUPTED), done.err
    assert list(drills.iterdir()) == []
    assert catalog.copies(home.vault, "db")[0].proofs == ()
    ledger.discard(folder)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """An own folder for temporary files, with a short name: sockets lie in it."""
    folder = ledger.new_directory("demo")
    give_to_nobody(folder)
    yield folder
    ledger.discard(folder)


def python_for_anybody() -> str:
    """This Python, or the system's own of the same version where ours lies in somebody's home."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        argv = [python, "-c", "import outlive"]
        with suppress(OSError):
            if subprocess.run(argv, env=MODULES, cwd="/", capture_output=True, **as_nobody()).returncode == 0:
                return python
    pytest.skip("there is no Python here that an unprivileged user may run")


SITE = [path for path in sys.path if path.endswith("site-packages")]
MODULES = {"PYTHONPATH": os.pathsep.join([str(Path(package.__file__).parents[1]), *SITE])}


def demo(watched: Watched, temporary: Path, *words: str, **settings: Any) -> subprocess.Popen[str]:
    home = {"TMPDIR": str(temporary), "HOME": str(temporary), **settings.pop("env", {})}
    return watched.start("demo", *words, cwd=temporary, env=home, **settings)


def leftovers(temporary: Path) -> list[str]:
    return [path.name for path in temporary.iterdir() if path.name.startswith(("outlive", "drill"))]


@pytest.mark.parametrize("who", ["as root", "as anybody"])
def test_the_demo(watched: Watched, temporary: Path, who: str) -> None:
    if who == "as root" and not is_root():
        pytest.skip("this is not root")
    began = time.monotonic()
    anybody = {"python": python_for_anybody(), "env": MODULES, **as_nobody()} if who == "as anybody" else {}
    process = demo(watched, temporary, "--json", **anybody)
    out, err = process.communicate(timeout=300)
    seconds = time.monotonic() - began
    assert process.returncode == 0, err
    told = json.loads(out)
    assert differences(told, SHAPES["demo"]) == []
    assert told["ok"] and all(step["ok"] for step in told["steps"])
    assert told["rows_restored"] + told["rows_lost"] == told["rows_acknowledged"] > 100
    assert 0 <= told["loss_seconds"] <= told["loss_shown_seconds"]
    assert 0 < told["stored_bytes"] < told["plain_bytes"]
    assert leftovers(temporary) == []
    assert seconds < 90 or os.getloadavg()[0] > 2 * (os.cpu_count() or 1), f"it took {seconds:.0f} s"


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGINT, "outlive-demo-*/production/postgres/data"),
        (signal.SIGINT, "outlive-demo-*/vault/copies/*/*"),
        (signal.SIGTERM, "outlive-demo-*/keeper/state/drills/*"),
        (signal.SIGINT, "outlive-demo-*/restored/postgres/*"),
    ],
    ids=["production is made", "copies are taken", "drill", "restore"],
)
def test_the_demo_interrupted(watched: Watched, temporary: Path, number: signal.Signals, moment: str) -> None:
    process = demo(watched, temporary)
    midway(lambda: any(temporary.glob(moment)), process)
    done = end(process, number)
    assert done.code == 130 and done.err == INTERRUPTED, done.err
    assert leftovers(temporary) == []
