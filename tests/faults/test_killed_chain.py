"""A row of copies that build on one another, and its restore, killed with SIGKILL at calls of the vault: nothing is broken,
nothing looks complete that is not, and the next run goes on."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.restore.cluster import Cluster
from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.postgres_trees import tree
from outlive.model.copy import Copy
from tests.backup.postgres_copies import DIGEST, programs
from tests.cli.home import Home, environment
from tests.faults.test_killed import ROOT
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
ASSET = '[[assets]]\nname = "db"\nkind = "postgres"\ndsn = { env = "DB" }\nincremental = "always"\n'


class Keeper:
    """A home that guards a server, and children that die when told."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self.home, self.log, self.server = Home(folder / "h"), folder / "log", server
        self.home.write(ASSET)
        self.env = {"DB": server.dsn(), "OUTLIVE_POSTGRES_DIR": str(cache_root() / "postgres")}
        self._children = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dying", str(self.home.config), str(self.log)],
            cwd=ROOT,
            env=environment({"PYTHONPATH": str(ROOT), **self.env}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._children.stdout and self._children.stdout.readline() == "ready\n"

    def run(self, *words: str, last: int = -1) -> int:
        assert self._children.stdin and self._children.stdout
        self._children.stdin.write(f"{last} {' '.join(words)}\n")
        self._children.stdin.flush()
        return int(self._children.stdout.readline())

    def calls(self) -> int:
        """Of the vault, by the last child."""
        return self.log.read_text().splitlines().count("called")

    def backup(self, last: int = -1) -> int:
        self.server.sql("insert into t select max(id) + 1 from t")
        return self.run("backup", last=last)

    def copies(self) -> list[Copy]:
        """None of them is broken."""
        found = catalog.copies(self.home.vault, "db")
        assert not any(copy.broken for copy in found)
        return found

    def close(self) -> None:
        assert self._children.stdin and self._children.stdout
        self._children.stdin.close()
        self._children.wait()
        self._children.stdout.close()


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    folder = Path(tempfile.mkdtemp(prefix="ow-k-"))  # the programs that combine run as another user
    folder.chmod(0o755)
    tree(17)
    with PostgresServer(17, options={"summarize_wal": "on"}) as server:
        server.sql("create table t as select i as id, 'x' as note from generate_series(1, 100) i")
        keeper = Keeper(folder, server)
        try:
            yield keeper
        finally:
            keeper.close()
            shutil.rmtree(folder)


def spread(calls: int, times: int) -> list[int]:
    """So many calls, from early to the very last."""
    return [calls * (turn + 1) // times - 1 for turn in range(times)]


def test_killed_between_members_the_next_one_builds_on_what_is_whole(keeper: Keeper) -> None:
    assert keeper.backup() == 0
    assert keeper.backup() == 0
    for last in spread(keeper.calls(), 4):
        before = keeper.copies()
        assert keeper.backup(last) == -signal.SIGKILL
        after = keeper.copies()
        assert [copy.id for copy in after[: len(before)]] == [copy.id for copy in before]
        assert keeper.backup() == 0
        newest = keeper.copies()[-1].manifest
        assert newest.parent == after[-1].id, f"after the kill at call {last}"
    assert keeper.run("drill", "db") == 0
    assert keeper.copies()[-1].proof.rank == 2


def test_a_restore_that_is_killed_looks_like_nothing(keeper: Keeper) -> None:
    for _ in range(3):
        assert keeper.backup() == 0
    target = keeper.home.folder / "back"
    target.mkdir(mode=0o755)
    words = ("restore", "db", "--to", str(target / "a"))
    assert keeper.run(*words) == 0
    calls = keeper.calls()
    shutil.rmtree(target / "a")
    for last in spread(calls, 4):
        assert keeper.run(*words, last=last) == -signal.SIGKILL
        assert not (target / "a").exists(), f"after the kill at call {last}"
    assert keeper.run(*words) == 0
    with Cluster(target / "a", programs(17), "postgres") as cluster, cluster.door().connect("postgres") as connection:
        row = connection.execute(DIGEST.format("t").encode()).fetchone()
        assert row and "|".join(map(str, row)) == keeper.server.sql(DIGEST.format("t"))
