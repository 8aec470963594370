"""Docker's json-file logs: how lengths and pieces are read, and what a line is."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands.log_files import FileAt, Piece, decode, names, read, read_pieces, read_stat, stat

PIECES = [Piece("/a.log", 7, 0, 5), Piece("/b.log", 8, 3, 5)]


def line(text: str, stream: str = "stdout", time: str = "2026-03-14T11:00:00.123456789Z") -> bytes:
    return json.dumps({"log": text, "stream": stream, "time": time}).encode() + b"\n"


def test_what_is_asked() -> None:
    assert stat(["/a.log"])[4:] == names("/a.log") == ("/a.log", *(f"/a.log.{n}" for n in range(1, 6)))
    assert read(PIECES)[4:] == ("/a.log", "7", "0", "5", "/b.log", "8", "3", "5")


def test_lengths() -> None:
    assert read_stat("file\t7\t99\t/odd\tname.log\nend\t\n") == {"/odd\tname.log": FileAt("/odd\tname.log", 7, 99)}
    with pytest.raises(ValueError):
        read_stat("file\t7\t99\t/a.log\n")


def test_pieces_come_in_order_and_one_that_is_gone_is_empty() -> None:
    sent = base64.b64encode(b"a\n\x00").decode()
    said = f"piece\t{sent}\npiece\t\nend\t\n"
    assert read_pieces(said, PIECES) == [b"a\n\x00", b""]
    for wrong in ("piece\t\nend\t\n", "piece\t\npiece\t\n", "piece\t!\npiece\t\nend\t\n", ""):
        with pytest.raises(ValueError):
            read_pieces(wrong, PIECES)


def test_a_file_that_is_gone_ends_no_shell(tmp_path: Path) -> None:
    """`exec` would: dash, the shell of Debian and Ubuntu, ends when it cannot open a file."""
    path = tmp_path / "b.log"
    path.write_bytes(b"abcdefgh")
    pieces = [PIECES[0], Piece(str(path), path.stat().st_ino, 3, 5)]
    done = subprocess.run(read(pieces), capture_output=True, text=True, check=True)
    assert read_pieces(done.stdout, pieces) == [b"", b"defgh"]


def test_whole_lines_are_read_and_the_rest_waits() -> None:
    whole = line("one\n") + line("two\n", "stderr")
    lines, used = decode(whole + line("three")[:20])
    assert used == len(whole)
    assert [(one.stream, one.text) for one in lines] == [("stdout", b"one"), ("stderr", b"two")]
    assert lines[0].at == datetime(2026, 3, 14, 11, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "odd", [b"{}", b"[]", b"7", b"x", b"\xff", line("x", time="now").strip(), line("x", "stdin").strip()]
)
def test_what_is_no_line_is_passed_over(odd: bytes) -> None:
    lines, used = decode(odd + b"\n" + line("good"))
    assert [one.text for one in lines] == [b"good"] and used == len(odd) + 1 + len(line("good"))


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    _, used = decode(data)
    assert used == (data.rfind(b"\n") + 1)
