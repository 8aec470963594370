"""Whatever is done to the parts of a copy, opening it either gives the very bytes that were sealed, or fails."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from outlive.backup.streams.unseal import unseal
from outlive.errors import CopyDamaged, VaultForbidden, VaultUnreachable, WrongKey
from outlive.model.copy import Part, Stream
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.encryption import encrypt
from outlive.vault.frames import Continuous, compress_frame
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, RECOVERY, STRANGER, contents, manifest_of, open_stream, our_threads, policy, seal_one
from tests.backup.made import take_made as take

FOLDER = "copies/made/one/"
DATA = random.Random(5).randbytes(3500)


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def stream(vault: MemoryVault, tmp_path: Path) -> Stream:
    """Four parts: 1000, 1000, 1000 and 500 bytes."""
    return seal_one(vault, tmp_path, [DATA], policy(1000))


def key(stream: Stream, index: int) -> str:
    return FOLDER + stream.parts[index].file


def overwrite(vault: MemoryVault, name: str, data: bytes) -> None:
    vault.objects[name] = (data, vault.objects[name][1])


def swap(vault: MemoryVault, one: str, other: str) -> None:
    mine, theirs = vault.get(one), vault.get(other)
    overwrite(vault, one, theirs)
    overwrite(vault, other, mine)


@pytest.mark.parametrize("index", range(4))
def test_a_missing_part(vault: MemoryVault, stream: Stream, index: int) -> None:
    vault.delete(key(stream, index))
    with pytest.raises(CopyDamaged, match=f"00000{index} is missing"):
        open_stream(vault, stream)


@pytest.mark.parametrize("index", range(4))
def test_a_part_that_was_cut_anywhere(vault: MemoryVault, stream: Stream, index: int) -> None:
    whole = vault.get(key(stream, index))
    for length in {0, 1, len(whole) // 2, len(whole) - 16, len(whole) - 1}:
        overwrite(vault, key(stream, index), whole[:length])
        with pytest.raises(CopyDamaged, match=f"has {length} bytes"):
            open_stream(vault, stream)


def test_one_bit_flipped_anywhere(vault: MemoryVault, stream: Stream) -> None:
    """The header, the two recipients, the body and its end."""
    whole = vault.get(key(stream, 1))
    for at in range(0, len(whole), 61):
        overwrite(vault, key(stream, 1), whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(CopyDamaged, match="SHA-256"):
            open_stream(vault, stream)


def test_a_part_with_bytes_added(vault: MemoryVault, stream: Stream) -> None:
    overwrite(vault, key(stream, 3), vault.get(key(stream, 3)) + b"\0")
    with pytest.raises(CopyDamaged, match="bytes"):
        open_stream(vault, stream)


def test_parts_in_another_order(vault: MemoryVault, stream: Stream) -> None:
    swap(vault, key(stream, 0), key(stream, 1))
    with pytest.raises(CopyDamaged):
        open_stream(vault, stream)


def test_a_part_twice(vault: MemoryVault, stream: Stream) -> None:
    overwrite(vault, key(stream, 2), vault.get(key(stream, 1)))
    with pytest.raises(CopyDamaged):
        open_stream(vault, stream)


def test_parts_swapped_between_the_streams_of_a_copy(vault: MemoryVault, tmp_path: Path) -> None:
    taken = take(vault, tmp_path, {"a": b"a" * 500, "b": b"b" * 500})
    folder = f"copies/made/{taken.manifest.id}/"
    swap(vault, f"{folder}a.zst.age.000000", f"{folder}b.zst.age.000000")
    with pytest.raises(CopyDamaged):
        contents(vault, taken.manifest)


def test_a_part_of_another_copy(vault: MemoryVault, tmp_path: Path) -> None:
    """Of the same asset, name, size and keys: yesterday's."""
    first, second = (take(vault, tmp_path, {"a": random.Random(n).randbytes(500)}) for n in range(2))
    files = [f"copies/made/{taken.manifest.id}/a.zst.age.000000" for taken in (first, second)]
    overwrite(vault, files[1], vault.get(files[0]))
    with pytest.raises(CopyDamaged):
        contents(vault, second.manifest)


def test_a_manifest_that_lacks_the_last_part(vault: MemoryVault, stream: Stream) -> None:
    with pytest.raises(CopyDamaged, match="3000 bytes, 3500 were sealed"):
        open_stream(vault, replace(stream, parts=stream.parts[:-1]))


def test_another_key(vault: MemoryVault, stream: Stream) -> None:
    with pytest.raises(WrongKey) as caught:
        open_stream(vault, stream, STRANGER)
    assert caught.value.exit_code == 5
    assert open_stream(vault, stream, STRANGER, RECOVERY) == DATA


@pytest.mark.parametrize("error", [VaultUnreachable("gone"), VaultForbidden("no")], ids=["unreachable", "forbidden"])
def test_a_vault_that_cannot_be_read_says_nothing_about_the_copy(
    vault: MemoryVault, stream: Stream, error: Exception
) -> None:
    with pytest.raises(type(error)):
        open_stream(FaultyVault(vault, Fault("get", error, skip=2)), stream)


def sealed_by_hand(vault: MemoryVault, *bodies: bytes, plain_bytes: int, frames: str = "independent") -> Stream:
    """A stream whose parts hold `bodies`, truly encrypted and with true checksums: only what is inside is wrong."""
    parts = []
    for index, body in enumerate(bodies):
        sealed = encrypt(io.BytesIO(body), [KEY.to_public()])
        part = Part(f"by-hand.zst.age.{index:06d}", len(sealed), hashlib.sha256(sealed).hexdigest(), 0)
        vault.put(FOLDER + part.file, sealed)
        parts.append(part)
    return Stream("by-hand", plain_bytes, tuple(parts), frames)


INSIDES: dict[str, Callable[[bytes], bytes]] = {
    "cut within a frame": lambda frame: frame[:-5],
    "no zstd at all": lambda frame: b"pg_dump: error: connection lost",
    "rubbish after the frame": lambda frame: frame + b"rubbish",
    "a flipped bit": lambda frame: frame[:40] + bytes([frame[40] ^ 1]) + frame[41:],
    "nothing": lambda frame: b"",
    "twice": lambda frame: frame + frame,
}


@pytest.mark.parametrize("damage", INSIDES.values(), ids=INSIDES)
def test_what_was_wrong_before_it_was_encrypted(vault: MemoryVault, damage: Callable[[bytes], bytes]) -> None:
    stream = sealed_by_hand(vault, damage(compress_frame(DATA)), plain_bytes=len(DATA))
    with pytest.raises(CopyDamaged):
        open_stream(vault, stream)


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_a_continuous_stream_may_be_cut_into_parts_anywhere(vault: MemoryVault, cut: int) -> None:
    frame = compress_frame(DATA[:350]) + compress_frame(b"a second frame " * 99)
    assert len(frame) > cut
    stream = sealed_by_hand(vault, frame[:cut], frame[cut:], plain_bytes=len(frame), frames="continuous")
    assert open_stream(vault, stream) == DATA[:350] + b"a second frame " * 99


def test_a_continuous_stream_opens_from_single_bytes_and_is_damaged_wherever_it_ends_early() -> None:
    """Frames one after another, an empty one among them, as a server with several workers may write."""
    ends, frames = {0: b""}, b""
    for plain in (DATA[:200], b"", b"x" * 5000):
        frames += compress_frame(plain)
        ends[len(frames)] = ends[max(ends)] + plain
    for length in range(len(frames) + 1):
        opener = Continuous("made")
        opened = b"".join(piece for at in range(length) for piece in opener.feed(frames[at : at + 1]))
        if length in ends:
            opener.close()
            assert opened == ends[length]
        else:
            with pytest.raises(CopyDamaged):
                opener.close()


def test_a_highly_compressible_continuous_stream_comes_in_bounded_pieces() -> None:
    opener = Continuous("made")
    sizes = [len(piece) for piece in opener.feed(compress_frame(bytes(50 << 20)))]
    opener.close()
    assert sum(sizes) == 50 << 20 and max(sizes) <= 4 << 20


def test_progress_adds_up_and_leaving_early_leaves_no_thread(vault: MemoryVault, stream: Stream) -> None:
    seen: list[int] = []
    pieces = unseal(vault, manifest_of(stream), stream, [KEY], seen.append)
    first = next(pieces)
    assert sum(seen) == len(first)
    pieces.close()
    assert our_threads() == []
    assert len(open_stream(vault, stream)) == 3500
