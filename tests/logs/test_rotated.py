"""By which names something is known as rotated of a log, and as a log of its own."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outlive.commands import host_logs
from outlive.commands.host_logs import FileSeen
from outlive.logs import rotated

LOG = "/var/log/my app.log"
ROTATED = [
    "my app.log.1",
    "my app.log.12.gz",
    "my app.log-20261126",
    "my app.log-20261126.zst",
    "my app.log.2026-11-26",
    "my app-2026-11-26T10-00-00.123.log",
    "my app.1.log",
    "my app.log.old",
]
OTHERS = [
    "my app-error.log",
    "my app.log.swp",
    "my app.logs",
    "other.log.1",
    "my app.log.gz.tmp",
    "my app.log.1.gz.tmp",
]


@pytest.mark.parametrize("name", ROTATED)
def test_rotated(name: str) -> None:
    assert rotated.is_rotated_of(f"/var/log/{name}", LOG)


@pytest.mark.parametrize("name", OTHERS)
def test_another_log(name: str) -> None:
    assert not rotated.is_rotated_of(f"/var/log/{name}", LOG)


def test_the_shell_finds_what_is_meant_whatever_the_name_holds(tmp_path: Path) -> None:
    folder = tmp_path / "a [b] 'c' $d"
    folder.mkdir()
    names = ["x[1].log", "x[1].log.1", "x[1]-2026-11-26.log.gz", "x1.log"]
    for name in names:
        (folder / name).write_text("x")
    (folder / "x[1].log.2").mkdir()
    asked = host_logs.look(rotated.globs(str(folder / "x[1].log")))
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    found = rotated.chain(str(folder / "x[1].log"), host_logs.read_look(done.stdout).files)
    assert {Path(one.path).name for one in found} == set(names[:3])
    assert found[-1].path.endswith("x[1].log") and found[-1].size_bytes == 1


def test_one_that_is_being_compressed_counts_once() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    files = [FileSeen(f"/x.log{end}", 1, inode, 9, at) for inode, end in enumerate(["", ".1", ".1.gz", ".2.gz"])]
    assert [one.path for one in rotated.chain("/x.log", files)] == ["/x.log.2.gz", "/x.log.1", "/x.log"]


def test_patterns() -> None:
    assert rotated.matches("/var/log/*/x.log", "/var/log/*/x.log")
    assert rotated.matches("/srv/app-*.log", "/srv/app-2026.log")
    assert not rotated.matches("/srv/app-*.log", "/srv/old/app-2026.log")
    assert not rotated.matches("/srv/app-*.log", "/srv/app-2026.log.1")
