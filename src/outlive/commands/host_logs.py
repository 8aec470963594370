"""Reading log files that lie on a host: which there are, with what was rotated of them, and pieces of what stands in them.

One command a look (a shell, `date`, and one `stat` for all files); a second only when something has grown. A piece comes
from the file that was meant, or not at all: the descriptor is opened first, and its device and inode are asked of the
kernel. With every piece come the first bytes of its file, by which a file is known again when it was copied, compressed,
or its inode given to another. Bytes travel as base64, because logs hold any byte.
"""

from __future__ import annotations

import base64
import binascii
import stat as modes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

HEAD_BYTES = 256
PACKED = (".gz", ".xz", ".zst", ".bz2")
_LOOK = r"""
exec 2>/dev/null
zone=$(date +%z); export LC_ALL=C TZ=UTC
IFS='
'
stat -L -c '%f	%d	%i	%s	%y	%n' -- $1
printf 'end\t%s\n' "$zone"
"""
_READ = r"""
exec 2>/dev/null
text() { base64 | tr -d '\n'; }
unpacked() { case $1 in *.gz) gzip -dc ;; *.xz) xz -dc ;; *.zst) zstd -dc ;; *.bz2) bzip2 -dc ;; esac </proc/self/fd/3; }
piece() {
  [ "$(stat -L -c %d:%i /proc/self/fd/3)" = "$2" ] || return
  case $1 in
    *.gz | *.xz | *.zst | *.bz2)
      unpacked "$1" | head -c 256 | text; printf '\t'
      unpacked "$1" | tail -c "+$(($3 + 1))" | head -c "$4" | text ;;
    *)
      head -c 256 </proc/self/fd/3 | text; printf '\t'
      tail -c "+$(($3 + 1))" </proc/self/fd/3 | head -c "$4" | text ;;
  esac
}
while [ $# -ge 4 ]; do
  printf 'piece\t'; piece "$1" "$2" "$3" "$4" 3<"$1"; printf '\n'; shift 4
done
printf 'end\t\n'
"""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file as it was listed."""

    path: str
    device: int
    inode: int
    size_bytes: int
    changed_at: datetime

    @property
    def is_packed(self) -> bool:
        """Compressed: how much stands in it is not known."""
        return self.path.endswith(PACKED)

    def is_the_one(self, device: int, inode: int) -> bool:
        return (self.device, self.inode) == (device, inode)


@dataclass(frozen=True, slots=True)
class Listing:
    """`zone`: the host's own, for lines that name none."""

    files: tuple[FileSeen, ...]
    zone: timezone


@dataclass(frozen=True, slots=True)
class Wanted:
    """`length` bytes from `offset` on (of what stands in it, when it is compressed), and the `lead` bytes before them."""

    file: FileSeen
    offset: int
    length: int
    lead: int


@dataclass(frozen=True, slots=True)
class Brought:
    """`head`: the first bytes of the file, `HEAD_BYTES` at most. What ends before it should ended there."""

    head: bytes
    lead: bytes
    data: bytes


def look(globs: Iterable[str]) -> tuple[str, ...]:
    """The command. `globs` are absolute, in the shell's own words."""
    return ("sh", "-c", _LOOK, "sh", "\n".join(globs))


def read_look(text: str) -> Listing:
    """What is there, each file once; folders, devices and names that break a line are left out. Raises ValueError when the
    answer was cut off."""
    lines = [line.split("\t", 5) for line in text.split("\n") if line]
    if not lines or lines[-1][0] != "end":
        raise ValueError("the host did not answer as a POSIX shell does")
    found = {one.path: one for one in map(_file, lines[:-1]) if one is not None}
    return Listing(tuple(found.values()), _zone(lines[-1][1] if len(lines[-1]) > 1 else ""))


def _file(words: Sequence[str]) -> FileSeen | None:
    try:
        mode, device, inode, size, changed, path = words
        day, time = changed.split()[:2]
        at = datetime.fromisoformat(f"{day} {time[:15]}").replace(tzinfo=UTC)
        seen = FileSeen(path, int(device), int(inode), int(size), at)
    except (ValueError, OverflowError):
        return None
    return seen if modes.S_ISREG(int(mode, 16)) else None


def _zone(text: str) -> timezone:
    try:
        minutes = int(text[1:3]) * 60 + int(text[3:5])
        return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
    except (ValueError, IndexError):
        return UTC


def read(wanted: Sequence[Wanted]) -> tuple[str, ...]:
    """The command."""
    words: list[str] = []
    for one in wanted:
        which = f"{one.file.device}:{one.file.inode}"
        words += [one.file.path, which, str(one.offset - one.lead), str(one.lead + one.length)]
    return ("sh", "-c", _READ, "sh", *words)


def read_pieces(text: str, wanted: Sequence[Wanted]) -> list[Brought | None]:
    """In the order in which they were asked for; None where the file is another by now, or may not be read. Raises
    ValueError."""
    lines = [line.split("\t") for line in text.splitlines()]
    if not lines or lines[-1][0] != "end" or len(lines) != len(wanted) + 1:
        raise ValueError("the host did not send the pieces that were asked for")
    return [_brought(words, one) for words, one in zip(lines[:-1], wanted, strict=True)]


def _brought(words: Sequence[str], wanted: Wanted) -> Brought | None:
    if len(words) < 3:
        return None
    try:
        head, data = (base64.b64decode(word, validate=True) for word in words[1:3])
    except (binascii.Error, ValueError) as error:
        raise ValueError("the host sent something else than base64") from error
    return Brought(head[:HEAD_BYTES], data[: wanted.lead], data[wanted.lead : wanted.lead + wanted.length])
