"""A stream is cut into whole lines; wherever the chunks end, all bytes are seen, in order and with true places."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlive.leaks.cutter import BEHIND_BYTES, BLOCK_BYTES, LINE_BYTES, OVERLAP_BYTES, Block, Cutter, Unit

relaxed = settings(deadline=None, max_examples=20)
SIZES = st.sampled_from(
    [0, 1, 7, 900, OVERLAP_BYTES, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, LINE_BYTES + 1, 3 * LINE_BYTES]
)


def cut(data: bytes, cuts: Sequence[int] = ()) -> list[Block]:
    cutter, blocks, start = Cutter(), [], 0
    for stop in [*sorted(cuts), len(data)]:
        blocks += cutter.feed(data[start:stop])
        start = max(start, stop)
    return [*blocks, *cutter.finish()]


def units(blocks: Sequence[Block]) -> list[Unit]:
    return [block.unit(block.first_unit + place) for block in blocks for place in range(block.units)]


def line(number: int, size: int) -> bytes:
    """Of this size, each byte telling its place."""
    return b"".join(b"%d:%d " % (number, place) for place in range(size // 6 + 1))[:size]


@relaxed
@given(st.lists(SIZES, max_size=12), st.lists(st.integers(0, 400_000), max_size=8), st.booleans())
def test_every_byte_is_seen_at_its_place(sizes: list[int], cuts: list[int], ends: bool) -> None:
    lines = [line(number, size) for number, size in enumerate(sizes)]
    data = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    seen = units(cut(data, cuts))
    assert [unit.number for unit in seen] == list(range(len(seen)))
    for unit in seen:
        whole = lines[unit.line - 1]
        assert whole[unit.column : unit.column + len(unit.data)] == unit.data
        assert unit.whole == (len(whole) <= LINE_BYTES) and len(unit.data) <= LINE_BYTES
    for number, whole in enumerate(lines, 1):
        shown = bytearray(len(whole))
        for unit in seen:
            if unit.line == number:
                shown[unit.column : unit.column + len(unit.data)] = b"\1" * len(unit.data)
        assert shown.count(0) == 0, (number, len(whole))


@relaxed
@given(st.lists(SIZES, max_size=8), st.lists(st.integers(0, 300_000), max_size=8))
def test_where_it_is_fed_changes_nothing(sizes: list[int], cuts: list[int]) -> None:
    data = b"\n".join(line(number, size) for number, size in enumerate(sizes))
    told = [(block.data, block.first_unit) for block in cut(data)]
    assert [(block.data, block.first_unit) for block in cut(data, cuts)] == told


@pytest.mark.parametrize("size", [1, 400, OVERLAP_BYTES - BEHIND_BYTES])
def test_in_a_long_line_each_thing_belongs_to_one_piece_that_shows_all_of_it(size: int) -> None:
    seen = units(cut(b"." * (4 * LINE_BYTES)))
    assert len(seen) > 4
    for start in range(0, 4 * LINE_BYTES - size, 997):
        stop = start + size
        owners = [unit for unit in seen if unit.owns(stop - unit.column)]
        owners = [unit for unit in owners if 0 < stop - unit.column <= len(unit.data)]
        assert len(owners) == 1 and owners[0].column <= start, (start, owners)
        shown_behind = owners[0].column + len(owners[0].data) - stop
        assert shown_behind >= BEHIND_BYTES or owners[0] is seen[-1]


def test_a_unit_is_found_by_any_place_in_it() -> None:
    (block,) = cut(b"one\ntwo\n\nthree\n")
    assert [block.unit(number) for number in range(4)] == [
        block.at(0, 1),
        block.at(1, 5),
        block.at(2, 8),
        block.at(3, 9),
    ]


def test_a_unit_does_not_show_its_text() -> None:
    assert "secret" not in repr(Unit(1, 1, b"secret"))
