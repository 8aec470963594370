"""No line of a log file is lost and none comes twice, whatever is done to it between two looks: renamed, copied and emptied,
compressed, taken up again by another keeper, with inodes that are given anew."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from outlive.commands.host_logs import HEAD_BYTES, Brought, FileSeen, Wanted
from outlive.logs.following import Following

PATH = "/var/log/app.log"
KEY = b"k" * 32
KEPT = 4


@dataclass
class Disk:
    """A folder of logs. An inode that is free is given to the next file, as ext4 does."""

    files: dict[str, tuple[int, bytes]] = field(default_factory=lambda: {PATH: (1, b"")})
    changed: dict[str, int] = field(default_factory=dict)
    written: int = 0
    time: int = 0

    def write(self, count: int, path: str = PATH) -> None:
        inode, data = self.files.get(path) or (self.free(), b"")
        for _ in range(count):
            data += b"line %05d\n" % self.written
            self.written += 1
        self.put(path, inode, data)

    def put(self, path: str, inode: int, data: bytes) -> None:
        self.time += 1
        self.files[path], self.changed[path] = (inode, data), self.time

    def free(self) -> int:
        taken = {inode for inode, _ in self.files.values()}
        return next(one for one in range(1, 99) if one not in taken)

    def move(self, old: str, new: str) -> None:
        self.files[new], self.changed[new] = self.files.pop(old), self.changed.pop(old, 0)

    def rotate(self, how: str) -> None:
        """As logrotate does it: the oldest is deleted, the others get the next number, the newest is compressed at last."""
        for number in range(KEPT, 0, -1):
            for ending in ("", ".gz"):
                old = f"{PATH}.{number}{ending}"
                if number == KEPT:
                    self.files.pop(old, None)
                elif old in self.files:
                    self.move(old, f"{PATH}.{number + 1}{ending}")
        inode, data = self.files[PATH]
        if how == "copytruncate":
            self.put(f"{PATH}.1", self.free(), data)
            self.put(PATH, inode, b"")
        else:
            self.move(PATH, f"{PATH}.1")
            self.put(PATH, self.free(), b"")
        if how == "compress":
            self.put(f"{PATH}.1.gz", self.free(), data)
            del self.files[f"{PATH}.1"]

    def listed(self) -> list[FileSeen]:
        begin = datetime(2026, 11, 26, tzinfo=UTC)
        return [
            FileSeen(
                path, 7, inode, len(data) // (3 if path.endswith(".gz") else 1),
                begin + timedelta(seconds=self.changed.get(path, 0)),
            )
            for path, (inode, data) in self.files.items()
        ]  # fmt: skip

    def bring(self, wanted: Wanted) -> Brought | None:
        inode, data = self.files.get(wanted.file.path, (0, b""))
        if inode != wanted.file.inode:
            return None
        start = wanted.offset - wanted.lead
        taken = data[start : wanted.offset + wanted.length]
        return Brought(data[:HEAD_BYTES], taken[: wanted.lead], taken[wanted.lead :])


def look(disk: Disk, log: Following, budget: int) -> tuple[list[bytes], list[bytes]]:
    log.look_at(disk.listed())
    probes = log.probes()
    log.settle([(one, disk.bring(one)) for one in probes])
    reading = log.reading(budget)
    found = log.take_in(reading, [disk.bring(one) for one in reading.pieces]) if reading.pieces else ([], [])
    log.seen()
    return found


def restarted(log: Following) -> Following:
    return Following.taken_up(PATH, KEY, json.loads(json.dumps(log.noted())), fresh=False)


TURNS = st.tuples(
    st.integers(0, 60),
    st.sampled_from(["", "", "rename", "compress", "copytruncate"]),
    st.integers(0, 60),
    st.integers(200, 2000),
    st.booleans(),
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(TURNS, max_size=10))
def test_everything_once(turns: list[tuple[int, str, int, int, bool]]) -> None:
    """Rotated at most once a look, and never before what was there could be read."""
    disk, log, heard = Disk(), Following(PATH, KEY), list[bytes]()
    look(disk, log, 1000)
    for before, how, after, budget, restarts in turns:
        disk.write(before)
        behind = disk.written - len(heard) > 100
        if how and not behind:
            disk.rotate(how)
        disk.write(after)
        again, lines = look(disk, log, budget)
        assert not log.gap
        assert again == heard[len(heard) - len(again) :], "only what was heard is heard again"
        heard += lines
        if restarts and log.place is not None:
            log = restarted(log)
    for _ in range(len(turns) + 15):
        heard += look(disk, log, 2000)[1]
    assert heard == [b"line %05d" % number for number in range(disk.written)]


def test_what_is_gone_unread_is_said_and_the_log_goes_on() -> None:
    disk, log = Disk(), Following(PATH, KEY)
    disk.write(5)
    look(disk, log, 1000)
    for _ in range(KEPT + 2):
        disk.write(5)
        disk.rotate("compress")
    disk.write(3)
    heard = [line for _ in range(2) for line in look(disk, log, 1000)[1]]
    assert heard == [b"line %05d" % number for number in range(disk.written - 3, disk.written)]


def test_a_new_file_with_the_inode_of_the_old_one_is_not_taken_for_it() -> None:
    disk, log = Disk(), Following(PATH, KEY)
    disk.write(5)
    look(disk, log, 1000)
    del disk.files[PATH]
    disk.write(9)
    assert disk.files[PATH][0] == 1, "the same inode, and longer than what was read"
    assert look(disk, log, 1000)[1] == [] and not log.gap
    assert look(disk, log, 1000)[1] == [b"line %05d" % number for number in range(5, 14)] and log.gap


def test_a_keeper_that_comes_back_after_a_week_goes_on_in_the_file_that_was_compressed_meanwhile() -> None:
    disk, log = Disk(), Following(PATH, KEY)
    disk.write(5)
    look(disk, log, 1000)
    disk.write(5)
    disk.rotate("compress")
    disk.write(5)
    disk.rotate("compress")
    disk.write(5)
    log, lines = restarted(log), []
    for _ in range(6):
        lines += look(disk, log, 1000)[1]
    assert lines == [b"line %05d" % number for number in range(5, 20)]


def test_what_a_server_still_writes_to_the_log_of_a_moment_ago_is_read() -> None:
    disk, log = Disk(), Following(PATH, KEY)
    disk.write(5)
    look(disk, log, 1000)
    disk.rotate("rename")
    disk.write(1)
    heard = look(disk, log, 1000)[1]
    disk.write(1, f"{PATH}.1")
    disk.write(1)
    for _ in range(3):
        heard += look(disk, log, 1000)[1]
    assert sorted(heard) == [b"line 00005", b"line 00006", b"line 00007"]


def test_a_log_that_was_emptied_and_is_just_as_long_again() -> None:
    disk, log = Disk(), Following(PATH, KEY)
    disk.write(1)
    look(disk, log, 1000)
    disk.rotate("copytruncate")
    disk.write(1)
    assert [line for _ in range(3) for line in look(disk, log, 1000)[1]] == [b"line 00001"]


def test_a_last_line_without_an_end_is_one_when_nobody_writes_there_any_more() -> None:
    disk, log = Disk(), Following(PATH, KEY)
    disk.put(PATH, 1, b"whole\nhalf")
    look(disk, log, 1000)
    disk.rotate("rename")
    disk.write(1)
    assert [line for _ in range(3) for line in look(disk, log, 1000)[1]] == [b"half", b"line 00000"]
