"""Paths, copied from this machine with real tar."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from outlive.errors import NotPermitted, SourceFailed
from outlive.lab.ground.process import wait_until
from outlive.model.asset import Hook, PathAsset
from outlive.sources.path import PathSource
from outlive.testing.clock import ManualClock
from outlive.transport.local import LocalShell
from tests.sources.trees import drain, fingerprint, make_odd_tree, names_in, unpack

pytestmark = pytest.mark.slow


def source(path: Path, *, around: Hook | None = None, exclude: tuple[str, ...] = ()) -> PathSource:
    asset = PathAsset(name="files", host="local", path=str(path), exclude=exclude, around=around or Hook())
    return PathSource(asset, LocalShell(), ManualClock())


def test_an_odd_tree_comes_back_exactly(tmp_path: Path) -> None:
    tree = make_odd_tree(tmp_path / "tree")
    before = fingerprint(tree)
    streams, outcome = drain(source(tree))
    assert fingerprint(unpack(streams["files.tar"], tmp_path / "back")) == before == fingerprint(tree)
    assert outcome.inventory["tar"]["members"] == len(before) == outcome.source["members"]
    assert outcome.inventory["tar"]["bytes"] > 40 << 20, "holes count as bytes of the file"
    assert len(streams["files.tar"]) < 10 << 20, "and are not sent"
    assert outcome.warnings == ()
    assert (outcome.source["consistency"], outcome.inventory["changed"]) == ("live", [])


def test_the_same_files_give_the_same_bytes_so_that_a_cut_copy_resumes(tmp_path: Path) -> None:
    tree = make_odd_tree(tmp_path / "tree")
    (tree / "sparse").unlink()  # tar writes its process id into the header of a file with holes
    first, second = (drain(source(tree))[0]["files.tar"] for _ in range(2))
    assert first == second


def test_an_empty_directory_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    streams, outcome = drain(source(tmp_path / "empty"))
    assert names_in(streams["files.tar"]) == ["./"]
    assert outcome.warnings == ("It is empty.",)


def test_a_single_file_keeps_its_lineage_when_it_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "-state"
    file.write_text("one")
    before = source(file).identify()
    streams, _ = drain(source(file))
    assert names_in(streams["files.tar"]) == ["./-state"]
    (tmp_path / "new").write_text("two")
    (tmp_path / "new").rename(file)
    assert source(file).identify() == before


def test_a_directory_made_anew_is_another_lineage(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    first = source(folder).identify()
    (folder / "file").write_text("x")
    assert source(folder).identify() == first
    folder.rename(tmp_path / "old")
    folder.mkdir()
    assert source(folder).identify() != first
    assert first.id.startswith("path-") and len(first.id) == 21


def test_excluded_files_stay_out(tmp_path: Path) -> None:
    for name in ("keep.txt", "a/cache/x", "a/keep", "b.tmp"):
        (tmp_path / "t" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "t" / name).write_text(name)
    streams, _ = drain(source(tmp_path / "t", exclude=("cache", "*.tmp")))
    assert names_in(streams["files.tar"]) == ["./", "./a/", "./a/keep", "./keep.txt"]


def test_a_missing_directory_fails(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="No such file"):
        drain(source(tmp_path / "gone"))


def test_what_may_not_be_read_fails_and_says_so(tmp_path: Path) -> None:
    """Run as nobody: root may read everything."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "secret").write_text("x")
    (tree / "secret").chmod(0)
    temporary = Path(tempfile.gettempdir())
    for folder in (tree, tmp_path, *tmp_path.parents):
        if folder != temporary and folder.is_relative_to(temporary) and folder.stat().st_uid == os.getuid():
            folder.chmod(0o755)
    with pytest.raises(NotPermitted, match="Permission denied"):
        drain(PathSource(PathAsset(name="f", host="x", path=str(tree)), _Nobody(), ManualClock()))


class _Nobody(LocalShell):
    """This machine, as somebody who may read little."""

    def command(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *argv) if os.getuid() == 0 else argv

    def run(self, argv, **words):  # type: ignore[no-untyped-def]
        return super().run(self.command(tuple(argv)), **words)

    def open(self, argv, **words):  # type: ignore[no-untyped-def]
        return super().open(self.command(tuple(argv)), **words)


def test_files_that_vanish_midway_are_counted_and_named_only_in_the_inventory(tmp_path: Path) -> None:
    """The first file is larger than all pipes, so tar waits for us while we remove what it will want next."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "aaa").write_bytes(os.urandom(8 << 20))
    for n in range(50):
        (tree / f"name{n:02d}").write_text("x")
    (tree / "log").write_bytes(bytes(4 << 20))
    with source(tree).capture() as capture:
        (raw,) = capture.streams()
        chunks = iter(raw.chunks)
        next(chunks)
        for n in range(40):
            (tree / f"name{n:02d}").unlink()
        for _ in chunks:
            pass
        outcome = capture.finish()
    assert len(outcome.inventory["changed"]) >= 40
    assert any("name05" in line for line in outcome.inventory["changed"])
    assert "files changed or vanished" in outcome.warnings[0]
    assert "name" not in str(outcome.source) and "name0" not in str(outcome.warnings)


def test_a_directory_that_vanishes_midway_fails_or_is_counted(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "z").mkdir(parents=True)
    (tree / "aaa").write_bytes(os.urandom(8 << 20))
    with source(tree).capture() as capture:
        (raw,) = capture.streams()
        chunks = iter(raw.chunks)
        next(chunks)
        (tree / "z").rmdir()
        for _ in chunks:
            pass
        assert capture.finish().inventory["changed"]


def test_hooks_run_around_and_are_named(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    hook = Hook(before=f"touch {tree}/dumped; echo noise", after=f"rm {tree}/dumped; echo noise")
    streams, outcome = drain(source(tree, around=hook))
    assert "./dumped" in names_in(streams["files.tar"])
    assert list(tree.iterdir()) == []
    assert outcome.source["consistency"] == "hook"


def test_a_failing_hook_before_aborts_and_the_one_after_still_runs(tmp_path: Path) -> None:
    hook = Hook(before=f"touch {tmp_path}/half; echo broken >&2; false", after=f"rm {tmp_path}/half")
    with pytest.raises(SourceFailed, match=r"before the copy failed.*broken"):
        drain(source(tmp_path, around=hook))
    assert not (tmp_path / "half").exists()


def test_a_failing_hook_after_fails_the_copy(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="hook after"):
        drain(source(tmp_path, around=Hook(after="false")))


def test_a_copy_that_is_given_up_undoes_before_it_returns(tmp_path: Path) -> None:
    """As when the vault is full: the stream is not read on."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "big").write_bytes(os.urandom(16 << 20))
    hook = Hook(before=f"touch {tmp_path}/stopped", after=f"rm {tmp_path}/stopped")
    with pytest.raises(KeyError), source(tree, around=hook).capture() as capture:
        (raw,) = capture.streams()
        next(iter(raw.chunks))
        assert (tmp_path / "stopped").exists()
        raise KeyError
    assert not (tmp_path / "stopped").exists()


def child_with(word: str) -> int:
    """Our own child whose command line holds `word`: a path of this test, so it is nobody else's."""
    listed = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "pid=,args=", "-ww"], capture_output=True, text=True
    )
    (pid,) = [line.split()[0] for line in listed.stdout.splitlines() if word in line]
    return int(pid)


def test_what_was_done_is_undone_when_the_program_we_started_is_killed(tmp_path: Path) -> None:
    """SIGKILL to the process that we started: nothing of ours can run any more, the script on the host must."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "big").write_bytes(os.urandom(64 << 20))
    hook = Hook(before=f"touch {tmp_path}/stopped", after=f"rm {tmp_path}/stopped")
    with source(tree, around=hook).capture() as capture:
        (raw,) = capture.streams()
        chunks = iter(raw.chunks)
        next(chunks)
        assert (tmp_path / "stopped").exists()
        os.kill(child_with(str(tmp_path)), 9)
        with pytest.raises(SourceFailed):
            for _ in chunks:
                pass
    wait_until(lambda: not (tmp_path / "stopped").exists(), "the hook after", seconds=10)


def test_the_heartbeat_ends_with_the_copy(tmp_path: Path) -> None:
    drain(source(tmp_path))
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]
