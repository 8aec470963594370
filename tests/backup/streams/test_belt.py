from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from outlive.backup.streams.belt import PIECE_BYTES, PIECES, Belt


def test_what_is_written_comes_out_in_pieces() -> None:
    belt = Belt()
    data = bytes(range(256)) * 4096 * 5 + b"the end"

    def write() -> None:
        for at in range(0, len(data), 65536):
            belt.write(data[at : at + 65536])
        belt.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(write)
        pieces = list(belt)
    assert b"".join(pieces) == data
    assert all(PIECE_BYTES <= len(piece) < PIECE_BYTES + 65536 for piece in pieces[:-1])


def test_nothing_written_is_no_piece() -> None:
    belt = Belt()
    belt.close()
    assert list(belt) == []


def test_the_writer_waits_when_the_belt_is_full_and_fails_when_the_reader_has_left() -> None:
    belt = Belt()
    written = 0
    failed = threading.Event()

    def write() -> None:
        nonlocal written
        try:
            for _ in range(100):
                belt.write(bytes(PIECE_BYTES))
                written += 1
        except BrokenPipeError:
            failed.set()
            belt.close()  # does not wait either

    writer = threading.Thread(target=write)
    writer.start()
    assert not failed.wait(0.3)
    assert written == PIECES
    belt.leave()
    writer.join(timeout=5)
    assert failed.is_set() and not writer.is_alive()


def test_a_writer_that_is_told_before_it_begins() -> None:
    belt = Belt()
    belt.leave()
    belt.write(b"held, not yet passed on")
    with pytest.raises(BrokenPipeError):
        belt.write(bytes(PIECE_BYTES))
