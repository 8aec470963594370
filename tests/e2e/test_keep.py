"""The keeper as a process: it guards by itself, drains, dies anywhere and goes on, and there is only one."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.missing import TookTooLong
from outlive.lab.ground.process import end, wait_until
from tests.cli.home import environment
from tests.keeper.homes import ALLOWED, home
from tests.world.flaky_http import FlakyProxy, delay
from tests.world.postgres import PostgresServer
from tests.world.s3 import Rclone

pytestmark = pytest.mark.slow
PATIENCE = 120
POSTGRES = '[[assets]]\nname = "db"\nkind = "postgres"\ndsn = { env = "DB" }\n'
SLOW_HOOK = '[assets.around]\nbefore = "touch {mark}; sleep {seconds}"'


@dataclass
class Keep:
    """An `outlive.toml` and the keepers that were started with it."""

    config: Path
    env: dict[str, str] = field(default_factory=dict)
    keepers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def log(self) -> str:
        return (self.config.parent / "keep.log").read_text()

    def start(self) -> subprocess.Popen[bytes]:
        with (self.config.parent / "keep.log").open("ab") as log:
            words = [sys.executable, "-m", "outlive", "keep", "--config", str(self.config)]
            keeper = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(self.env)
            )
        self.keepers.append(keeper)
        return keeper

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "outlive", *words, "--config", str(self.config)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=120, env=environment(self.env), check=False)

    def json(self, *words: str) -> Any:
        return json.loads(self.call(*words, "--json").stdout)

    def copies(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("copies")["copies"]
        return found

    def loss(self, asset: str) -> float | None:
        for one in self.json("status", "--no-look")["assets"]:
            if one["asset"] == asset:
                seconds: float | None = one["loss"]["seconds"]
                return seconds
        raise AssertionError(f"status says nothing of {asset}")

    def heard(self, words: str) -> bool:
        return words in self.log

    def until(self, ready: Callable[[], bool], what: str) -> None:
        try:
            wait_until(ready, what, PATIENCE, every=0.2)
        except TookTooLong as error:
            raise AssertionError(f"{error}\n{self.log}") from error

    def stop(self, keeper: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> int:
        keeper.send_signal(how)
        return keeper.wait(PATIENCE)

    def job(self, keeper: subprocess.Popen[bytes]) -> int | None:
        """The process of the job that runs."""
        for task in Path(f"/proc/{keeper.pid}/task").glob("*/children"):
            for pid in map(int, task.read_text().split()):
                if b"runpy" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        return None


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Keep]]:
    made: list[Keep] = []

    def one(*, env: dict[str, str] | None = None, **settings: str) -> Keep:
        made.append(Keep(home(tmp_path / "home", **settings), env or {}))
        return made[-1]

    yield one
    for keep in made:
        for keeper in keep.keepers:
            end(keeper, signal.SIGKILL)


def test_it_guards_by_itself_and_stops_when_told(make: Callable[..., Keep]) -> None:
    keep = make()
    keeper = keep.start()
    keep.until(lambda: keep.heard("ended backup files: done"), "the first backup, proven")
    (copy,) = keep.copies()
    assert copy["proof"] == "restored"
    assert keep.stop(keeper) == 0
    assert keep.log.rstrip().endswith("stopped")
    assert "Traceback" not in keep.log and "dbos" not in keep.log.lower()
    again = keep.start()
    keep.until(lambda: keep.log.count("keeping 1 assets") == 2, "the second start")
    time.sleep(4)
    assert keep.stop(again, signal.SIGINT) == 0
    assert len(keep.copies()) == 1, "a restart is no reason for a copy"


def test_a_second_keeper_on_one_state_refuses_and_a_killed_one_gives_it_back(make: Callable[..., Keep]) -> None:
    keep = make()
    first = keep.start()
    keep.until(lambda: keep.heard("keeping 1 assets"), "the first keeper")
    done = keep.call("keep")
    assert done.returncode == 5
    assert "Another `outlive keep` works with the state in" in done.stderr
    assert str(keep.config.parent / "state") in done.stderr
    keep.stop(first, signal.SIGKILL)
    second = keep.start()
    keep.until(lambda: keep.log.count("keeping 1 assets") == 2, "the second keeper")
    assert keep.stop(second) == 0


def test_it_refuses_to_sit_on_what_it_guards(make: Callable[..., Keep]) -> None:
    keep = make(keeper="")
    done = keep.call("keep")
    assert done.returncode == 4
    assert "host here" in done.stderr
    assert "allow_same_host" in done.stderr
    assert keep.copies() == []


def test_what_is_allowed_in_writing_is_told_at_every_start(make: Callable[..., Keep]) -> None:
    keep = make(keeper=ALLOWED)
    keeper = keep.start()
    keep.until(lambda: keep.heard("this is a test, on one machine"), "the reason")
    keep.stop(keeper)


def test_killed_during_a_backup_the_next_one_goes_on(make: Callable[..., Keep], tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    keep = make(around=SLOW_HOOK.format(mark=mark, seconds=4))
    keeper = keep.start()
    keep.until(mark.exists, "the hook")
    job = keep.job(keeper)
    assert job is not None
    keep.stop(keeper, signal.SIGKILL)
    keep.until(lambda: not Path(f"/proc/{job}").exists(), "the end of the job: it dies with its keeper")
    assert keep.copies() == []
    keep.start()
    keep.until(lambda: keep.heard("going on with backup:files:"), "the run that was cut off")
    keep.until(lambda: keep.heard("ended backup files: done"), "its end")
    assert [copy["proof"] for copy in keep.copies()] == ["restored"], "one copy, proven"


def test_killed_after_the_copy_it_is_not_taken_again(make: Callable[..., Keep]) -> None:
    """Between the copy's manifest and the engine's record of it: the step looks before it does."""
    keep = make()
    keeper = keep.start()
    manifests = keep.config.parent / "vault" / "copies"
    keep.until(lambda: bool(list(manifests.glob("*/*/manifest.json"))), "the copy")
    keep.stop(keeper, signal.SIGKILL)
    keep.start()
    keep.until(lambda: keep.heard("ended backup files: done"), "the run's end")
    assert [copy["proof"] for copy in keep.copies()] == ["restored"]


def test_stopping_lets_a_running_backup_end_and_begins_no_drill(make: Callable[..., Keep], tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    keep = make(around=SLOW_HOOK.format(mark=mark, seconds=6))
    keeper = keep.start()
    keep.until(mark.exists, "the hook")
    assert keep.stop(keeper) == 0
    assert [copy["proof"] for copy in keep.copies()] == ["stored"], "the copy was let end, the drill was not begun"
    mark.unlink()
    keep.start()
    keep.until(lambda: keep.heard("ended backup files: done"), "the rest of the run")
    assert [copy["proof"] for copy in keep.copies()] == ["restored"]
    assert not mark.exists(), "what was done is not done again"


def test_told_twice_it_waits_for_nothing(make: Callable[..., Keep], tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    keep = make(around=SLOW_HOOK.format(mark=mark, seconds=20))
    keeper = keep.start()
    keep.until(mark.exists, "the hook")
    before = time.monotonic()
    keeper.terminate()
    keep.until(lambda: keep.heard("stopping"), "the first word")
    assert keep.stop(keeper) == 0
    assert time.monotonic() - before < 40, "the hook itself is let end by the script on the host"
    assert keep.copies() == []
    keep.start()
    keep.until(lambda: keep.heard("going on with backup:files:"), "the run that was cut off")


@pytest.mark.postgres
def test_with_two_streams_it_loses_seconds_stays_small_and_idles(
    make: Callable[..., Keep], new_postgres: Callable[..., PostgresServer]
) -> None:
    servers = {"one": new_postgres(17), "two": new_postgres(16)}
    env = {name.upper(): server.dsn() for name, server in servers.items()}
    env["OUTLIVE_POSTGRES_DIR"] = str(cache_root() / "postgres")
    assets = "".join(
        f'[[assets]]\nname = "{name}"\nkind = "postgres"\ndsn = {{ env = "{name.upper()}" }}\n' for name in servers
    )
    keep = make(env=env, more=assets)
    keeper = keep.start()
    for name, server in servers.items():
        server.sql("create table t (i int)")
        keep.until(lambda name=name: keep.heard(f"ended backup {name}: done"), f"the base copy of {name}")
    for name, server in servers.items():
        server.sql("insert into t select generate_series(1, 1000)")
        keep.until(lambda name=name: (keep.loss(name) or 1e9) < 10, f"a loss of seconds of {name}")
    time.sleep(5)
    before, resting = cpu_seconds(keeper.pid), 10.0
    time.sleep(resting)
    assert (cpu_seconds(keeper.pid) - before) / resting < 0.10, "idle it takes a few percent of a core"
    assert rss_bytes(keeper.pid) < 150 << 20
    assert keep.stop(keeper) == 0
    lost = keep.loss("one")
    time.sleep(3)
    grown = keep.loss("one")
    assert lost is not None and grown is not None and grown >= lost + 3, "with the keeper stopped the figure grows"


@pytest.mark.postgres
def test_its_memory_may_be_in_postgres_and_has_one_keeper_anywhere(
    make: Callable[..., Keep], new_postgres: Callable[..., PostgresServer], tmp_path: Path
) -> None:
    server = new_postgres(17)
    server.sql("create database keeper")
    url = f"postgresql+psycopg://{server.superuser}@127.0.0.1:{server.port}/keeper"
    keep = make(env={"STATE": url}, schedule='database = { env = "STATE" }')
    keeper = keep.start()
    keep.until(lambda: keep.heard("ended backup files: done"), "the first backup")
    elsewhere = Keep(home(tmp_path / "elsewhere", schedule='database = { env = "STATE" }'), {"STATE": url})
    done = elsewhere.call("keep")
    assert done.returncode == 5
    assert "Another keeper works with this state" in done.stderr
    assert keep.stop(keeper) == 0


@pytest.mark.postgres
@pytest.mark.s3
def test_a_vault_that_hangs_does_not_keep_it_from_stopping(
    make: Callable[..., Keep],
    new_postgres: Callable[..., PostgresServer],
    rclone_s3: Rclone,
    flaky_rclone: FlakyProxy,
) -> None:
    """A put under way is tried again for a quarter of an hour; nobody who stops a service waits for that."""
    server = new_postgres(17)
    env = {"DB": server.dsn(), "K": rclone_s3.access_key, "S": rclone_s3.secret_key}
    keep = make(env=env, schedule="ship_every_seconds = 0.5", more=POSTGRES)
    vault = f'url = "s3://{rclone_s3.bucket()}/v"\nendpoint = "{flaky_rclone.endpoint}"\n'
    keys = 'access_key = { env = "K" }\nsecret_key = { env = "S" }'
    keep.config.write_text(keep.config.read_text().replace('url = "vault"', vault + keys))
    keeper = keep.start()
    keep.until(
        lambda: any("/wal/" in seen.path and seen.outcome == "200" for seen in flaky_rclone.seen), "log in the vault"
    )
    keep.until(lambda: keep.heard("ended backup db: done"), "the first copy")
    flaky_rclone.next(delay(600), times=math.inf)
    server.sql("create table t (i int)")
    time.sleep(3)  # so that a put is under way
    keeper.terminate()
    keep.until(lambda: keep.heard("stopping"), "the first word")
    assert keep.stop(keeper) == 0
    assert keep.log.rstrip().endswith("stopped")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_bytes(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) << 10
