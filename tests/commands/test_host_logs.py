"""What is said to a host's shell about its log files, and how the answer is read, whatever it is."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands import host_logs
from outlive.commands.host_logs import Brought, FileSeen, Wanted


def said(argv: tuple[str, ...]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def seen(path: Path) -> FileSeen:
    (one,) = host_logs.read_look(said(host_logs.look([str(path)]))).files
    return one


def test_a_file_is_told_with_its_time_in_utc(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"12345")
    os.utime(path, (1_795_000_000, 1_795_000_000.5))
    one = seen(path)
    assert (one.size_bytes, one.inode, one.device) == (5, path.stat().st_ino, path.stat().st_dev)
    assert one.changed_at.timestamp() == 1_795_000_000.5


def test_a_piece_comes_from_the_file_that_was_meant_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(bytes(range(256)) * 4)
    one = seen(path)
    gone = replace(one, path=str(tmp_path / "gone"))
    wanted = [Wanted(one, 300, 10, 5), Wanted(replace(one, inode=one.inode + 1), 0, 10, 0), Wanted(gone, 0, 9, 0)]
    wanted.append(Wanted(one, 1020, 10, 0))
    brought = host_logs.read_pieces(said(host_logs.read(wanted)), wanted)
    head = bytes(range(256))
    assert brought[:3] == [Brought(head, head[39:44], head[44:54]), None, None], "and the answer goes on behind it"
    assert brought[3] == Brought(head, b"", head[-4:])


@pytest.mark.parametrize("text", ["", "81a4\t1\t2\t3\t2026-11-26 00:00:00 +0000\t/x\n", "piece\t\n"])
def test_an_answer_that_was_cut_off_is_none(text: str) -> None:
    one = FileSeen("/x", 1, 1, 1, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError):
        host_logs.read_look(text)
    with pytest.raises(ValueError):
        host_logs.read_pieces(text, [Wanted(one, 0, 1, 0)])


def test_what_is_no_file_is_left_out_and_the_zone_is_read() -> None:
    lines = [
        "81a4\t1\t2\t3\t2026-11-26 00:00:00.123456789 +0000\t/x.log",
        "41ed\t1\t2\t3\t2026-11-26 00:00:00.0 +0000\t/folder",
        "81a4\t1\tx\t3\tnever\t/y.log",
        "rest of a name with a line break",
        "end\t-0330",
    ]
    found = host_logs.read_look("\n".join(lines))
    assert [one.path for one in found.files] == ["/x.log"]
    assert found.zone.utcoffset(None) == -timedelta(hours=3, minutes=30)


@given(st.text(max_size=200))
def test_any_answer(text: str) -> None:
    one = FileSeen("/x", 1, 1, 1, datetime(2026, 1, 1, tzinfo=UTC))
    with suppress(ValueError):
        host_logs.read_look(f"{text}\nend\t{text[:6]}\n")
    with suppress(ValueError):
        host_logs.read_pieces(f"piece\t{text}\nend\t\n", [Wanted(one, 0, 1, 0)])
