"""The end of the last whole record, in log that is laid out here, and in a real server's log cut anywhere."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands.postgres import lsn
from outlive.commands.wal import PAGE_BYTES, segment_start
from outlive.commands.wal_records import last_record_end
from outlive.lab.ground.process import run
from tests.world.postgres import PostgresServer

SEGMENT = 1 << 20
BEGIN = 3 * SEGMENT


class Log:
    """Records written as Postgres does: aligned, over pages, behind page headers."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ends = [(0, 0)]

    def record(self, length: int, *, switch: bool = False) -> None:
        body = struct.pack("<IIQBBHI", length, 1, 0, 0x40 if switch else 0, 0, 0, 0) + b"x" * (length - 24)
        self._write(body)
        written = len(self.data)
        self.data += bytes(-len(self.data) % 8)
        if switch:
            self.data += bytes(-len(self.data) % SEGMENT)
        self.ends.append((written, len(self.data)))

    def _write(self, body: bytes) -> None:
        first = True
        while body:
            if len(self.data) % PAGE_BYTES == 0:
                self._page(0 if first else len(body))
            room = PAGE_BYTES - len(self.data) % PAGE_BYTES
            self.data += body[:room]
            body, first = body[room:], False

    def _page(self, rest: int) -> None:
        address = BEGIN + len(self.data)
        long = address % SEGMENT == 0
        info = (2 if long else 0) | (1 if rest else 0)
        self.data += struct.pack("<HHIQI", 0xD110, info, 1, address, rest) + bytes(4)
        self.data += struct.pack("<QII", 1, SEGMENT, PAGE_BYTES) if long else b""

    def end_before(self, cut: int) -> int:
        return BEGIN + max(end for written, end in self.ends if written <= cut)


@given(st.lists(st.integers(24, 30000), min_size=1, max_size=40), st.data())
def test_wherever_the_log_is_cut(lengths: list[int], data: st.DataObject) -> None:
    log = Log()
    for length in lengths:
        log.record(length)
    cut = data.draw(st.integers(0, len(log.data)))
    found = last_record_end(log.data[:cut], BEGIN, SEGMENT)
    assert (found or BEGIN) == log.end_before(cut)
    padded = last_record_end(bytes(log.data) + bytes(SEGMENT), BEGIN, SEGMENT)
    assert padded == BEGIN + len(log.data), "behind the end there may be zeros"


def test_a_switch_of_segments_ends_with_its_segment() -> None:
    log = Log()
    log.record(100)
    log.record(24, switch=True)
    assert last_record_end(log.data[:600], BEGIN, SEGMENT) == BEGIN + SEGMENT
    assert last_record_end(log.data, BEGIN, SEGMENT) == BEGIN + SEGMENT
    log.record(200)
    assert last_record_end(log.data, BEGIN, SEGMENT) == BEGIN + log.ends[-1][1]


def test_a_record_that_runs_through_everything_is_to_be_looked_for_before() -> None:
    log = Log()
    log.record(100)
    log.record(3 * SEGMENT)
    assert last_record_end(log.data[SEGMENT : 2 * SEGMENT], BEGIN + SEGMENT, SEGMENT) is None
    assert last_record_end(log.data[: 2 * SEGMENT], BEGIN, SEGMENT) == BEGIN + log.ends[1][1]


def test_empty_log() -> None:
    assert last_record_end(b"", BEGIN, SEGMENT) is None
    assert last_record_end(bytes(SEGMENT), BEGIN, SEGMENT) is None


@pytest.mark.postgres
@pytest.mark.parametrize("major", [14, 18])
def test_as_pg_waldump_sees_a_real_log(new_postgres: Callable[..., PostgresServer], major: int) -> None:
    server = new_postgres(major, options={"wal_keep_size": "256MB"})
    server.sql("create table t(x text); insert into t select repeat('a', g % 9000) from generate_series(1, 3000) g")
    server.sql("select pg_switch_wal(); insert into t select repeat('b', g % 700) from generate_series(1, 300) g")
    server.stop()
    names = sorted(one.name for one in (server.data / "pg_wal").iterdir() if len(one.name) == 24)[:3]
    size = 16 << 20
    begin = segment_start(names[0], size)[1]
    log = b"".join((server.data / "pg_wal" / name).read_bytes() for name in names)
    dump = server.bin("pg_waldump"), "--path", server.data / "pg_wal", names[0]
    said = run(["sh", "-c", '"$@" || true', "sh", *map(str, (*dump, names[-1]))])
    starts = [lsn(found) for found in re.findall(r"lsn: (\S+),", said)]
    assert len(starts) > 3000
    rng = random.Random(major)
    for cut in [rng.randrange(len(log)) for _ in range(300)]:
        found = last_record_end(log[:cut], begin, size)
        following = min((start for start in starts if found is not None and start >= found), default=None)
        assert found is not None or begin + cut < starts[1]
        if found is None:
            continue
        assert found <= begin + cut or found % size == 0
        if following is not None:
            gap = following - found
            assert gap in (0, 24, 40), f"{found:X} is not where a record ends"
            later = [start for start in starts if start > following]
            assert not later or later[0] > begin + cut - 8, "a whole record was passed over"
