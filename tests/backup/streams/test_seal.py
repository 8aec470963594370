"""Streams become parts and come back, whatever their size; the first thing that goes wrong stops them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.streams.seal import LYING_VAULT, PENDING_BYTES, blocks
from outlive.errors import SourceFailed, VaultFailed, VaultFull, VaultUnreachable
from outlive.model.copy import Stream
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.base import Vault
from outlive.vault.encryption import decrypt
from outlive.vault.frames import FRAME_BYTES, compress_frame
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, RECOVERY, manifest_of, open_stream, our_threads, policy, seal_one
from tests.examples import examples

CHUNKS = st.lists(st.binary(max_size=3000), max_size=12)
PART_BYTES = st.integers(1, 4000)


def plain_parts(vault: Vault, stream: Stream) -> list[bytes]:
    """What is in each part: zstd, without age, which makes every sealing different."""
    return [decrypt(vault.get(f"copies/made/one/{part.file}"), [KEY], what=part.file) for part in stream.parts]


@given(chunks=CHUNKS, part_bytes=PART_BYTES)
@examples(60)
def test_whatever_goes_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes], part_bytes: int
) -> None:
    vault = MemoryVault()
    stream = seal_one(vault, tmp_path_factory.mktemp("state"), chunks, policy(part_bytes))
    data = b"".join(chunks)
    assert open_stream(vault, stream) == data
    assert stream.plain_bytes == len(data)
    assert [part.plain_bytes for part in stream.parts] == [len(block) for block in blocks([data], part_bytes)] or [0]
    assert [part.file for part in stream.parts] == sorted(vault_files(vault))


def vault_files(vault: MemoryVault) -> list[str]:
    return [key.rpartition("/")[2] for key in vault.objects]


@given(data=st.binary(max_size=8000), cuts=st.lists(st.integers(0, 8000), max_size=8), part_bytes=PART_BYTES)
@examples(40)
def test_the_cut_depends_on_the_bytes_and_not_on_how_they_arrive(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int], part_bytes: int
) -> None:
    one, other = MemoryVault(), MemoryVault()
    state = tmp_path_factory.mktemp("state")
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(edges)]
    whole = seal_one(one, state / "1", [data], policy(part_bytes))
    pieces = seal_one(other, state / "2", chunks, policy(part_bytes))
    assert plain_parts(one, whole) == plain_parts(other, pieces)


def test_large_streams_are_cut_into_frames_within_parts(tmp_path: Path) -> None:
    """Parts of more than a frame, as they are by default."""
    data = random.Random(1).randbytes(FRAME_BYTES * 2 + 12345)
    vault = MemoryVault()
    stream = seal_one(vault, tmp_path, [data[:7], data[7:]], policy(FRAME_BYTES * 2))
    assert [part.plain_bytes for part in stream.parts] == [FRAME_BYTES * 2, 12345]
    assert open_stream(vault, stream) == data


def test_an_empty_stream_has_one_part_so_that_a_lost_one_is_never_taken_for_it(tmp_path: Path) -> None:
    vault = MemoryVault()
    stream = seal_one(vault, tmp_path, [], policy())
    assert [(part.file, part.plain_bytes) for part in stream.parts] == [("made.zst.age.000000", 0)]
    assert open_stream(vault, stream) == b""


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_at_the_exact_edge_of_a_part_there_is_neither_an_empty_nor_a_lost_one(
    tmp_path: Path, parts: int, off: int
) -> None:
    data = random.Random(parts).randbytes(parts * 1000 + off)
    vault = MemoryVault()
    stream = seal_one(vault, tmp_path, [data], policy(1000))
    assert len(stream.parts) == parts + (off == 1)
    assert open_stream(vault, stream) == data


def test_each_recipient_alone_opens_it(tmp_path: Path) -> None:
    vault = MemoryVault()
    stream = seal_one(vault, tmp_path, [b"for two"], policy())
    assert open_stream(vault, stream, KEY) == open_stream(vault, stream, RECOVERY) == b"for two"


def test_a_stream_that_is_compressed_already_is_not_compressed_again(tmp_path: Path) -> None:
    data = random.Random(2).randbytes(50_000)
    frame = compress_frame(data)
    vault = MemoryVault()
    stream = seal_one(vault, tmp_path, [frame], policy(1000), compressed=True)
    assert stream.frames == "continuous"
    assert stream.plain_bytes == len(frame) and len(stream.parts) == -(-len(frame) // 1000)
    assert b"".join(plain_parts(vault, stream)) == frame
    assert open_stream(vault, stream) == data


def test_an_empty_compressed_stream_opens_to_nothing(tmp_path: Path) -> None:
    vault = MemoryVault()
    stream = seal_one(vault, tmp_path, [], policy(), compressed=True)
    assert open_stream(vault, stream) == b""


def test_the_first_failed_part_stops_the_stream(tmp_path: Path) -> None:
    """An endless source: were the failure passed over, this would not end."""
    given_out = 0

    def endless() -> Iterator[bytes]:
        nonlocal given_out
        noise = random.Random(3)
        while given_out < 4 * PENDING_BYTES:
            given_out += 1 << 20
            yield noise.randbytes(1 << 20)

    vault = FaultyVault(MemoryVault(), Fault("put", VaultFull("disk"), skip=2, times=None))
    with pytest.raises(VaultFull):
        seal_one(vault, tmp_path, endless(), policy(1 << 20))
    assert given_out < 2 * PENDING_BYTES
    assert our_threads() == []


@pytest.mark.parametrize("verb", ["put", "holds"])
def test_the_last_part_is_waited_for(tmp_path: Path, verb: str) -> None:
    vault = FaultyVault(MemoryVault(), Fault(verb, VaultUnreachable("gone"), key_contains="000002"))
    with pytest.raises(VaultUnreachable):
        seal_one(vault, tmp_path, [bytes(3000)], policy(1000))


def test_a_source_that_breaks_is_what_is_reported(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(5000)
        raise SourceFailed("the connection broke")

    with pytest.raises(SourceFailed, match="the connection broke"):
        seal_one(MemoryVault(), tmp_path, broken(), policy(1000))
    assert our_threads() == []


def test_a_vault_that_keeps_something_else_is_found_out(tmp_path: Path) -> None:
    lying = FaultyVault(MemoryVault(), Fault("put", damage=lambda data: data[:-1], skip=1))
    with pytest.raises(VaultFailed) as caught:
        seal_one(lying, tmp_path, [bytes(3000)], policy(1000))
    assert caught.value.hint == LYING_VAULT


def test_the_first_part_is_read_back_even_when_none_is_to_be(tmp_path: Path) -> None:
    vault = FaultyVault(MemoryVault())
    seal_one(vault, tmp_path, [bytes(5000)], policy(1000, read_back=0.0))
    assert [key[-6:] for verb, key in vault.calls if verb == "holds"] == ["000000"]


def test_progress_adds_up(tmp_path: Path) -> None:
    seen = [0, 0]

    def moved(plain: int, stored: int) -> None:
        seen[0] += plain
        seen[1] += stored

    vault = MemoryVault()
    stream = seal_one(vault, tmp_path, [bytes(5500)], policy(1000, on_progress=moved))
    assert seen == [5500, stream.stored_bytes]
    assert stream.stored_bytes == sum(info.bytes for info in vault.walk(""))
    assert manifest_of(stream).plain_bytes == 5500


@given(chunks=CHUNKS, size=st.integers(1, 500))
def test_blocks_are_of_one_size_but_for_the_last(chunks: list[bytes], size: int) -> None:
    found = [bytes(block) for block in blocks(chunks, size)]
    assert b"".join(found) == b"".join(chunks)
    assert all(len(block) == size for block in found[:-1])
    assert all(found) and all(len(block) <= size for block in found)
