"""Reading what containers have written, from the files in which Docker's json-file driver keeps it.

Two commands a look: the first asks how long the files are (one program for all of them), the second, only when something
has grown, brings pieces of a known length. A file is told by its inode, and a piece comes only from the file that was
meant, so that a rotation in between loses and doubles nothing. Bytes travel as base64, because logs hold any byte.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

OLDER = 5  # rotated files that are looked for: .1 to .5
_STAT = r"""
exec 2>/dev/null
stat -c 'file	%i	%s	%n' "$@"
printf 'end\t\n'
"""
# The descriptor is opened first and its inode asked of the kernel, so that what is read is the file that was looked at. It
# belongs to a function, because a shell may end when `exec` cannot open one.
_READ = r"""
exec 2>/dev/null
piece() { [ "$(stat -L -c %i /proc/self/fd/3)" = "$1" ] && tail -c "+$(($2 + 1))" <&3 | head -c "$3" | base64 | tr -d '\n'; }
while [ $# -ge 4 ]; do
  printf 'piece\t'; piece "$2" "$3" "$4" 3<"$1"; printf '\n'; shift 4
done
printf 'end\t\n'
"""


@dataclass(frozen=True, slots=True)
class FileAt:
    """A file as it was seen."""

    path: str
    inode: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Which bytes of a file are wanted."""

    path: str
    inode: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a service wrote, without its newline."""

    stream: str
    at: datetime
    text: bytes


def stat(paths: Sequence[str]) -> tuple[str, ...]:
    """The command; asks for each log and what was rotated of it."""
    return ("sh", "-c", _STAT, "sh", *(name for path in paths for name in names(path)))


def names(path: str) -> tuple[str, ...]:
    """The log and what was rotated of it, newest first."""
    return (path, *(f"{path}.{number}" for number in range(1, OLDER + 1)))


def read_stat(text: str) -> dict[str, FileAt]:
    """By path; what is not there is left out. Raises ValueError when the answer was cut off."""
    lines = [line.split("\t", 3) for line in text.splitlines()]
    if not lines or lines[-1][0] != "end":
        raise ValueError("the host did not answer as a POSIX shell does")
    files = [FileAt(line[3], int(line[1]), int(line[2])) for line in lines if line[0] == "file" and len(line) == 4]
    return {one.path: one for one in files}


def read(pieces: Sequence[Piece]) -> tuple[str, ...]:
    words = [str(word) for one in pieces for word in (one.path, one.inode, one.offset, one.length)]
    return ("sh", "-c", _READ, "sh", *words)


def read_pieces(text: str, pieces: Sequence[Piece]) -> list[bytes]:
    """In the order in which they were asked for; empty where the file is another one by now. Raises ValueError."""
    lines = [line.split("\t", 1) for line in text.splitlines()]
    if not lines or lines[-1][0] != "end" or len(lines) != len(pieces) + 1:
        raise ValueError("the host did not send the pieces that were asked for")
    try:
        return [base64.b64decode(line[1], validate=True) for line in lines[:-1]]
    except (binascii.Error, IndexError) as error:
        raise ValueError("the host sent something else than base64") from error


def decode(data: bytes) -> tuple[list[LogLine], int]:
    """The whole lines in it, and how many bytes they take: what stands behind the last newline is still being written.
    What is no line of json-file is passed over."""
    used = data.rfind(b"\n") + 1
    return list(_lines(data[:used].split(b"\n"))), used


def _lines(raw: Sequence[bytes]) -> Iterator[LogLine]:
    for one in raw:
        try:
            told = json.loads(one)
            at = datetime.fromisoformat(told["time"]).astimezone(UTC)
            stream, text = told["stream"], told["log"]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            continue
        if stream in ("stdout", "stderr") and isinstance(text, str):
            yield LogLine(stream, at, text.encode("utf-8", "replace").removesuffix(b"\n"))
