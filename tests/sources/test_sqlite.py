"""SQLite, alive and being written to, found among files and copied whole."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from outlive.commands import sqlite
from outlive.errors import SourceFailed
from outlive.lab.ground.process import wait_until
from outlive.model.asset import Hook, PathAsset
from outlive.sources.path import PathSource
from outlive.testing.clock import ManualClock
from outlive.transport.local import LocalShell
from tests.sources.trees import drain, names_in

pytestmark = pytest.mark.slow

WRITER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
database.execute("pragma journal_mode=" + sys.argv[2])
database.execute("create table if not exists t (n integer primary key, filler text, twin integer)")
while True:
    database.execute("begin immediate")
    (n,) = database.execute("select coalesce(max(n), 0) + 1 from t").fetchone()
    database.execute("insert into t values (?, ?, ?)", (n, "x" * 3000, n))
    database.execute("commit")
    print(n, flush=True)
"""


@contextmanager
def writer(path: Path, mode: str, log: Path) -> Iterator[None]:
    """A process that commits a row as fast as it can and notes each after its commit."""
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", WRITER, path, mode], stdout=out)
    try:
        wait_until(lambda: committed(log) > 300, "rows", seconds=60)
        yield
    finally:
        process.kill()
        process.wait()


def committed(log: Path) -> int:
    lines = log.read_bytes().split(b"\n")[:-1]
    return int(lines[-1]) if lines else 0


def source(path: Path, *, around: Hook | None = None, exclude: tuple[str, ...] = ()) -> PathSource:
    asset = PathAsset(name="files", host="local", path=str(path), around=around or Hook(), exclude=exclude)
    return PathSource(asset, LocalShell(), ManualClock())


def rows(copy: bytes, folder: Path) -> int:
    path = folder / "copy.db"
    path.write_bytes(copy)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
        count, highest, twins = database.execute("select count(*), max(n), sum(n = twin) from t").fetchone()
    assert count == highest == twins, "the rows are one transaction's view"
    return int(count)


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("program", ["sqlite3", "python3"])
def test_a_live_database_is_copied_whole(
    tmp_path: Path, mode: str, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program == "python3":
        monkeypatch.setenv("PATH", str(without_sqlite3(tmp_path / "bin")))
    tree = tmp_path / "tree"
    tree.mkdir()
    with writer(tree / "app.db", mode, tmp_path / "log"):
        before = committed(tmp_path / "log")
        streams, outcome = drain(source(tree))
        after = committed(tmp_path / "log")
    assert list(streams) == ["sqlite-000.db", "files.tar"]
    assert before <= rows(streams["sqlite-000.db"], tmp_path) <= after + 1
    assert after > before, "it was written to meanwhile"
    assert names_in(streams["files.tar"]) == ["./"], "database, -wal and -shm stay out of the tar"
    (entry,) = outcome.inventory["sqlite"]
    assert (entry["stream"], entry["path"], entry["uid"]) == ("sqlite-000.db", "./app.db", os.geteuid())
    assert outcome.warnings == () and outcome.source["sqlite"] == 1
    assert temporary_copies() == []


@pytest.mark.slow
@pytest.mark.parametrize("guarded", [True, False])
def test_the_journal_of_a_copied_database_is_no_change(tmp_path: Path, guarded: bool) -> None:
    """SQLite makes and removes one with every transaction. tar tells that the directory changed; of a database that stays
    out of the copy altogether that is told on."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "pad").write_bytes(os.urandom(8 << 20))  # more than what fits between tar and us
    log = tmp_path / "log"
    with writer(tree / "app.db", "delete", log):
        with source(tree, exclude=() if guarded else ("app.db*",)).capture() as capture:
            for raw in capture.streams():
                chunks = iter(raw.chunks)
                next(chunks)
                since = committed(log)  # tar has begun and waits for us: the directory changes meanwhile
                wait_until(lambda: committed(log) > since + 1, "two transactions", seconds=60)  # noqa: B023
                for _ in chunks:
                    pass
            outcome = capture.finish()
    assert outcome.inventory["changed"] == ([] if guarded else ["tar: .: file changed as we read it"])
    assert bool(outcome.warnings) is not guarded


def without_sqlite3(folder: Path) -> Path:
    """A folder of programs that has everything but sqlite3."""
    folder.mkdir()
    for directory in ("/usr/local/bin", "/usr/bin", "/bin"):
        for program in Path(directory).iterdir():
            if program.name != "sqlite3" and not (folder / program.name).exists():
                (folder / program.name).symlink_to(program)
    return folder


def temporary_copies() -> list[Path]:
    return list(Path(sqlite.TEMPORARY).glob("outlive-sqlite-*"))


def make_database(path: Path, *, count: int = 10) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table t (n integer primary key, twin integer)")
        database.executemany("insert into t values (?, ?)", [(n, n) for n in range(1, count + 1)])


def test_databases_are_known_by_their_content_and_odd_names_survive(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("a/app.sqlite3", 'it\'s 100%?#\n"x".db', "b.db3"):
        make_database(tree / name)
    (tree / "Thumbs.db").write_bytes(b"not a database")
    (tree / "empty.db").write_bytes(b"")
    streams, outcome = drain(source(tree))
    assert [entry["path"] for entry in outcome.inventory["sqlite"]] == [
        "./a/app.sqlite3",
        "./b.db3",
        './it\'s 100%?#\n"x".db',
    ]
    for name in ("sqlite-000.db", "sqlite-001.db", "sqlite-002.db"):
        assert rows(streams[name], tmp_path) == 10
    assert names_in(streams["files.tar"]) == ["./", "./Thumbs.db", "./a/", "./empty.db"]


def test_a_database_with_any_name_is_found_by_its_wal(tmp_path: Path) -> None:
    make_database(tmp_path / "tree" / "Cookies")
    with closing(sqlite3.connect(tmp_path / "tree" / "Cookies")) as database:
        database.execute("pragma journal_mode=wal")
        database.execute("insert into t values (11, 11)")
        database.commit()
        streams, _ = drain(source(tmp_path / "tree"))
    assert rows(streams["sqlite-000.db"], tmp_path) == 11


def test_excluded_databases_are_not_copied(tmp_path: Path) -> None:
    make_database(tmp_path / "tree" / "cache" / "c.db")
    streams, _ = drain(source(tmp_path / "tree", exclude=("cache",)))
    assert list(streams) == ["files.tar"]


def test_without_a_program_it_stays_in_the_tar_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_database(tmp_path / "tree" / "app.db")
    programs = without_sqlite3(tmp_path / "bin")
    (programs / "python3").unlink()
    monkeypatch.setenv("PATH", str(programs))
    streams, outcome = drain(source(tmp_path / "tree"))
    assert names_in(streams["files.tar"]) == ["./", "./app.db"]
    assert "neither sqlite3 nor python3" in outcome.warnings[0] and "torn" in outcome.warnings[0]
    assert "app.db" not in outcome.warnings[0]


def test_a_damaged_database_fails_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "tree" / "app.db"
    make_database(path, count=5000)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(SourceFailed, match=r"SQLite database \./app\.db"):
        drain(source(tmp_path / "tree"))
    assert temporary_copies() == []


def test_a_copy_that_is_given_up_leaves_no_temporary_file(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    make_database(tree / "app.db", count=600_000)
    with pytest.raises(KeyError), source(tree).capture() as capture:
        first = next(iter(capture.streams()))
        next(iter(first.chunks))
        assert temporary_copies()
        raise KeyError
    assert temporary_copies() == []


def test_a_keeper_that_is_killed_leaves_no_temporary_file(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    make_database(tree / "app.db", count=600_000)
    words = sqlite.copy(str(tree / "app.db"), "sqlite3")
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    process.stdin.write(b".")
    process.stdin.flush()
    assert process.stdout.read(10)
    assert temporary_copies()
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()
    wait_until(lambda: not temporary_copies(), "the temporary copy to go", seconds=10)


def test_other_databases_are_reported_with_what_to_do(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("redis/dump.rdb", "my/ibdata1", "pg/PG_VERSION", "pg/global/pg_control", "pg/base/1/PG_VERSION"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("x")
    _, outcome = drain(source(tree))
    assert outcome.inventory["databases"] == [
        {"kind": "mysql", "path": "./my/ibdata1"},
        {"kind": "postgres", "path": "./pg/PG_VERSION"},
        {"kind": "redis", "path": "./redis/dump.rdb"},
    ]
    text = " ".join(outcome.warnings)
    assert "Guard it as kind postgres" in text and "MySQL" in text and "Redis" in text
    assert "ibdata1" not in text, "names of files stay in the inventory"
