"""No line is lost and none comes twice: a log that grows, is rotated and emptied at any moment, read in small steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from outlive.commands.log_files import OLDER, FileAt
from outlive.logs.follow import FIRST_BYTES, MOST_BEHIND_BYTES, Position, step

PATH = "/x.log"


@dataclass
class Disk:
    """Files by name, as a log driver writes and renames them."""

    files: dict[str, tuple[int, bytes]] = field(default_factory=lambda: {PATH: (1, b"")})
    inodes: int = 1
    written: int = 0

    def write(self, count: int) -> None:
        inode, data = self.files[PATH]
        for _ in range(count):
            data += b"%05d\n" % self.written
            self.written += 1
        self.files[PATH] = (inode, data)

    def rotate(self) -> None:
        for number in range(OLDER, 0, -1):
            older = PATH if number == 1 else f"{PATH}.{number - 1}"
            if older in self.files:
                self.files[f"{PATH}.{number}"] = self.files.pop(older)
        self.inodes += 1
        self.files[PATH] = (self.inodes, b"")

    def seen(self) -> dict[str, FileAt]:
        return {name: FileAt(name, inode, len(data)) for name, (inode, data) in self.files.items()}


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.integers(6, 40)), max_size=40))
def test_everything_once(events: list[tuple[int, bool, int]]) -> None:
    """Rotated at most once a look, as Docker does with files that are not tiny."""
    disk, at, read = Disk(), None, b""
    for count, rotates, budget in [*events, *[(0, False, 1000)] * (len(events) + 1)]:
        disk.write(count)
        if rotates and (at is None or at.inode >= disk.inodes - OLDER + 1):
            disk.rotate()
            disk.write(count)
        now = step(PATH, disk.seen(), at, budget, fresh=True)
        assert not now.gap and not now.skipped_bytes and sum(one.length for one in now.pieces) <= budget
        for piece in now.pieces:
            inode, data = disk.files[piece.path]
            taken = data[piece.offset : piece.offset + piece.length]
            whole = taken.rfind(b"\n") + 1
            assert inode == piece.inode
            read += taken[:whole]
            at = Position(inode, piece.offset + whole)
            if whole < len(taken):
                break
    assert read == b"".join(b"%05d\n" % number for number in range(disk.written))


def files(*sizes: int, first_inode: int = 1) -> dict[str, FileAt]:
    """Newest first."""
    named = [PATH, *(f"{PATH}.{number}" for number in range(1, len(sizes)))]
    count = first_inode + len(sizes) - 1
    return {name: FileAt(name, count - at, size) for at, (name, size) in enumerate(zip(named, sizes, strict=True))}


def test_what_is_met_for_the_first_time_is_read_from_near_its_end() -> None:
    long = step(PATH, files(10 * FIRST_BYTES), None, 10 * FIRST_BYTES)
    assert [(one.offset, one.length) for one in long.pieces] == [(9 * FIRST_BYTES, FIRST_BYTES)] and long.begins_within
    short = step(PATH, files(100), None, 1000)
    assert [(one.offset, one.length) for one in short.pieces] == [(0, 100)] and not short.begins_within


def test_what_was_rotated_away_unread_or_emptied_is_said() -> None:
    assert step(PATH, files(50, 60, first_inode=8), Position(1, 10), 1000).gap
    emptied = step(PATH, files(50), Position(1, 70), 1000)
    assert emptied.gap and emptied.pieces[0].offset == 0


def test_a_flood_is_skipped_and_counted() -> None:
    size = MOST_BEHIND_BYTES + 1000
    one = step(PATH, files(size), Position(1, 0), 4000)
    assert (one.grown_bytes, one.skipped_bytes, one.begins_within) == (size, size - 4000, True)
    assert [(piece.offset, piece.length) for piece in one.pieces] == [(size - 4000, 4000)]


def test_a_log_that_is_not_there() -> None:
    assert step(PATH, {}, None, 1000).pieces == ()
