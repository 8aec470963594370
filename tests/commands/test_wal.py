"""Positions, names, pages and messages of the log."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands import wal
from outlive.commands.postgres import lsn
from outlive.commands.wal import PAGE_BYTES, Data, Keepalive, Switch, check_pages, owner, read_history, read_message
from tests.backup.made_wal import BEGIN, CLUSTER, SEGMENT, pages

POSITIONS = st.integers(0, (1 << 64) - 1)
SIZES = st.sampled_from([1 << power for power in range(20, 31)])
TIMELINES = st.integers(1, (1 << 32) - 1)


@given(POSITIONS)
def test_positions_come_back(position: int) -> None:
    assert lsn(wal.show(position)) == position


def test_positions_as_postgres_prints_them() -> None:
    assert (wal.show(0), wal.show(0x16B3748), wal.show(0x16_B374_D848)) == ("0/0", "0/16B3748", "16/B374D848")


@given(TIMELINES, st.integers(0, (1 << 52) - 1), SIZES)
def test_segment_names_come_back(timeline: int, position: int, size: int) -> None:
    name = wal.segment_name(timeline, position, size)
    assert wal.SEGMENT.fullmatch(name)
    assert wal.segment_start(name, size) == (timeline, position - position % size)


@given(st.integers(0, (1 << 52) - 1), st.integers(0, (1 << 52) - 1), SIZES)
def test_names_sort_as_positions_do(one: int, other: int, size: int) -> None:
    names = [wal.segment_name(1, position, size) for position in (one, other)]
    assert (names[0] <= names[1]) == (one // size <= other // size)


def test_a_name_as_postgres_writes_it() -> None:
    assert wal.segment_name(1, 0x2_0300_0000, 16 << 20) == "000000010000000200000003"
    assert wal.segment_name(0xA, 0x2_0300_0000, 1 << 20) == "0000000A0000000200000030"


@pytest.mark.parametrize(
    "name", ["", "00000001000000000000000", "00000001000000000000000g", "000000010000000000000100"]
)
def test_what_is_no_name_of_a_segment(name: str) -> None:
    with pytest.raises(ValueError):
        wal.segment_start(name, 16 << 20)


# --- messages ----------------------------------------------------------------------------------------------------


def test_messages_of_the_stream() -> None:
    data = struct.pack(">cQQQ", b"w", 100, 200, 0) + b"log"
    keepalive = struct.pack(">cQQB", b"k", 300, 0, 1)
    assert read_message(memoryview(data)) == Data(100, 200, memoryview(b"log"))
    assert read_message(memoryview(keepalive)) == Keepalive(300, True)


@pytest.mark.parametrize("message", [b"", b"x" * 40, b"w" + bytes(10), b"k" + bytes(3)])
def test_what_is_no_message(message: bytes) -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        read_message(memoryview(message))


def test_the_status_tells_durable_as_flushed_and_applied() -> None:
    now = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=1.5)
    said = wal.status(written=9, durable=7, now=now, want_reply=True)
    assert struct.unpack(">cQQQQB", said) == (b"r", 9, 7, 7, 1_500_000, 1)


# --- histories ---------------------------------------------------------------------------------------------------

HISTORY = "1\t0/3000000\tno recovery target specified\n\n2\t0/5A1B2C8\tbefore 2000-01-01 01:00:00+01\n# no more\n"


def test_a_history() -> None:
    assert read_history(HISTORY) == (Switch(1, 0x3000000), Switch(2, 0x5A1B2C8))
    assert read_history("") == ()


def test_whose_a_position_is() -> None:
    history = read_history(HISTORY)
    assert [owner(position, 3, history) for position in (0, 0x2FFFFFF, 0x3000000, 0x5A1B2C7, 0x5A1B2C8)] == [
        1,
        1,
        2,
        2,
        3,
    ]


# --- pages -------------------------------------------------------------------------------------------------------


def check(data: bytes, position: int = BEGIN, timeline: int = 1, cluster: int = CLUSTER) -> str | None:
    return check_pages(data, position, timeline, cluster)


WHOLE = pages(BEGIN, BEGIN + 4 * PAGE_BYTES)


@given(st.integers(0, 4 * PAGE_BYTES), st.integers(0, 4 * PAGE_BYTES))
def test_any_stretch_of_right_pages_is_right(one: int, other: int) -> None:
    start, end = sorted((one, other))
    assert check(WHOLE[start:end], BEGIN + start) is None


def test_swapped_pages() -> None:
    swapped = WHOLE[:PAGE_BYTES] + WHOLE[2 * PAGE_BYTES : 3 * PAGE_BYTES] + WHOLE[PAGE_BYTES : 2 * PAGE_BYTES]
    assert check(swapped) == "the page at 0/302000 says it is 0/304000"


@pytest.mark.parametrize("by", [8, 4096, PAGE_BYTES, SEGMENT])
def test_shifted_pages(by: int) -> None:
    assert "says it is" in str(check(WHOLE, BEGIN + by))


def test_another_clusters_pages() -> None:
    assert check(WHOLE, cluster=7) == f"the page at 0/300000 is of cluster {CLUSTER}, not 7"


def test_a_later_timelines_pages() -> None:
    later = pages(BEGIN, BEGIN + PAGE_BYTES, timeline=3)
    assert check(later, timeline=2) == "the page at 0/300000 is of timeline 3, not 2"
    assert check(later, timeline=4) is None  # the first segment of a timeline begins with its parent's pages


def test_empty_pages_are_right_but_half_empty_ones_are_not() -> None:
    """pg_switch_wal leaves the rest of a segment empty; a page whose header alone is gone is damage."""
    first = WHOLE[:PAGE_BYTES]
    assert check(first + bytes(2 * PAGE_BYTES)) is None
    assert "says it is 0/0" in str(check(first + bytes(24) + WHOLE[PAGE_BYTES + 24 : 2 * PAGE_BYTES]))


def test_a_page_cut_in_the_middle_is_right() -> None:
    assert check(WHOLE[: PAGE_BYTES + 100]) is None
    assert check(WHOLE[100:PAGE_BYTES], BEGIN + 100) is None
