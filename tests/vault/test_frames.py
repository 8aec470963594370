from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.errors import CopyDamaged
from outlive.vault.frames import FRAME_BYTES, LONGEST_FRAME_BYTES, Splitter, compress_frame, open_frame, split_frames

PLAIN = [random.Random(n).randbytes(size) for n, size in enumerate((3000, 1, 500, 70_000))]
DATA = b"".join(compress_frame(plain) for plain in PLAIN) + compress_frame(b"")
ENDS = {0, *(sum(len(compress_frame(plain)) for plain in PLAIN[:n]) for n in range(1, 5)), len(DATA)}


def split(splitter: Splitter, pieces: list[bytes]) -> list[bytes]:
    return [bytes(frame) for piece in pieces for frame in splitter.feed(piece)]


def test_our_frames_are_no_longer_than_the_format_allows() -> None:
    assert FRAME_BYTES <= 4 << 20
    assert len(compress_frame(random.Random(1).randbytes(4 << 20))) < LONGEST_FRAME_BYTES


@given(st.lists(st.integers(0, len(DATA)), max_size=20))
def test_frames_are_found_however_the_data_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(DATA)]
    splitter = Splitter("made")
    found = split(splitter, [DATA[start:end] for start, end in itertools.pairwise(edges)])
    splitter.close()
    assert found == [bytes(frame) for frame in split_frames(DATA, what="made")]
    assert [open_frame(memoryview(frame), what="made") for frame in found] == [*PLAIN, b""]


@pytest.mark.parametrize("length", sorted({0, 1, 5, 3100, *ENDS, *(end + 1 for end in ENDS if end < len(DATA))}))
def test_data_that_ends_within_a_frame_is_damaged(length: int) -> None:
    splitter = Splitter("made")
    split(splitter, [DATA[:length]])
    if length in ENDS:
        splitter.close()
    else:
        with pytest.raises(CopyDamaged, match="made: "):
            splitter.close()


def test_what_never_becomes_a_frame_is_not_gathered_for_ever() -> None:
    splitter = Splitter("made")
    with pytest.raises(CopyDamaged):
        for _ in range(2 * LONGEST_FRAME_BYTES >> 20):
            split(splitter, [b"no frame" * (1 << 17)])
