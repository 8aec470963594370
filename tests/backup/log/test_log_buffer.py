"""The buffer: contiguous, cut within units, whole units once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.log.log_buffer import UNIT_BYTES, LogBuffer, floor, unit_of

UNIT = 64


def test_units() -> None:
    assert [unit_of(size << 20) for size in (1, 16, 64, 1024)] == [1 << 20, UNIT_BYTES, UNIT_BYTES, UNIT_BYTES]
    assert [floor(position, 16) for position in (0, 15, 16, 31)] == [0, 0, 16, 16]


@pytest.mark.parametrize("position", [0, 63, 65, 128])
def test_only_what_comes_next_is_taken(position: int) -> None:
    buffer = LogBuffer(64, 64, UNIT)
    with pytest.raises(ValueError):
        buffer.add(position, memoryview(b"x"))
    assert buffer.end == 64


def test_what_the_vault_has_already_is_read_again_but_not_sent_again() -> None:
    """So that the unit can be stored whole when it is complete."""
    buffer = LogBuffer(64, 100, UNIT)
    buffer.add(64, memoryview(bytes(range(64, 128))))
    assert buffer.cut() == bytes(range(100, 128))
    assert buffer.settle(128) == bytes(range(64, 128))


def test_nothing_waits_while_the_vault_is_ahead() -> None:
    buffer = LogBuffer(64, 100, UNIT)
    buffer.add(64, memoryview(bytes(20)))
    assert buffer.waiting_bytes == 0


@given(st.lists(st.integers(1, 200), max_size=30), st.integers(1, 90))
def test_pieces_join_and_units_are_whole(arrivals: list[int], every: int) -> None:
    log = bytes(number * 7 % 251 for number in range(sum(arrivals)))
    buffer, pieces, units = LogBuffer(0, 0, UNIT), b"", []
    for length in arrivals:
        buffer.add(buffer.end, memoryview(log)[buffer.end : buffer.end + length])
        while buffer.waiting_bytes >= every:
            piece = buffer.cut()
            start = buffer.durable
            assert piece and start // UNIT == (start + len(piece) - 1) // UNIT, "within one unit"
            pieces += piece
            if (unit := buffer.settle(start + len(piece))) is not None:
                units.append(unit)
            assert buffer.end - buffer.base < UNIT + buffer.waiting_bytes + 1, "no more is kept than is needed"
    assert log.startswith(pieces)
    assert b"".join(units) == log[: len(units) * UNIT]
    assert len(units) == len(pieces) // UNIT
