"""zstd in independent frames, so that both compressing and opening can use every core in bounded memory.

RFC 8878: a zstd file is any number of frames one after another. Each of ours holds 1 MiB of plaintext (the format allows
4) and carries its size and an XXH64 checksum, which is off by default in Python (research: backup.md section 7). Larger
frames compress no better (level 1 looks back half a megabyte) and hold more memory on each core.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from outlive.errors import CopyDamaged

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FRAME_BYTES = 1 << 20
LONGEST_FRAME_BYTES = 5 << 20  # compressed: what 4 MiB that cannot be compressed become, and some
LEVEL = 1  # the level at which one core keeps up with a gigabit; high levels have corrupted data before (restic #4523)

_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: LEVEL,
    zstd.CompressionParameter.checksum_flag: 1,
    zstd.CompressionParameter.min_match: 5,  # level 1 has 7: as fast, and pages of Postgres have many short repeats
}


def compress_frame(plain: bytes | bytearray | memoryview) -> bytes:
    """One whole frame with content size and checksum."""
    return zstd.compress(plain, options=_OPTIONS)


def split_frames(data: bytes, *, what: str) -> Iterator[memoryview]:
    """The frames that `data` is made of. Raises `CopyDamaged` when it does not end at the end of a frame."""
    view = memoryview(data)
    while view:
        try:
            size = zstd.get_frame_size(view)
        except zstd.ZstdError as error:
            raise CopyDamaged(f"{what}: {error}") from error
        yield view[:size]
        view = view[size:]


class Splitter:
    """The same for data that comes in pieces: gives frames as they are complete."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._rest = b""
        self._problem = ""

    def feed(self, piece: bytes) -> Iterator[memoryview]:
        """Raises `CopyDamaged` when more has come than a frame can have."""
        view = memoryview(self._rest + piece)
        while view:
            try:
                size = zstd.get_frame_size(view)
            except zstd.ZstdError as error:  # not whole yet, or no frame at all: that is told apart at the end
                self._problem = str(error)
                break
            yield view[:size]
            view = view[size:]
        self._rest = bytes(view)
        if len(self._rest) > LONGEST_FRAME_BYTES:
            self.close()

    def close(self) -> None:
        """Raises `CopyDamaged` when the data does not end at the end of a frame."""
        if self._rest:
            raise CopyDamaged(f"{self._what}: {self._problem}")


def open_frame(frame: memoryview, *, what: str) -> bytes:
    """The plaintext of one frame. Raises `CopyDamaged` when its checksum or structure is wrong."""
    try:
        return zstd.decompress(frame)
    except (zstd.ZstdError, EOFError) as error:
        raise CopyDamaged(f"{what}: {error}") from error


class Continuous:
    """Opens one zstd file that runs through several pieces (a stream that the server compressed)."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._decompressor = zstd.ZstdDecompressor()
        self._fed = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Plaintext in pieces of bounded size."""
        self._fed = True
        data = piece
        try:
            while True:
                if self._decompressor.eof:
                    data = self._decompressor.unused_data or data
                    if not data:
                        return
                    self._decompressor = zstd.ZstdDecompressor()
                if plain := self._decompressor.decompress(data, max_length=FRAME_BYTES):
                    yield plain
                data = b""
                if self._decompressor.eof:
                    data = self._decompressor.unused_data
                    if not data:
                        return
                elif self._decompressor.needs_input:
                    return
        except zstd.ZstdError as error:
            raise CopyDamaged(f"{self._what}: {error}") from error

    def close(self) -> None:
        """Raises `CopyDamaged` when the last frame is not complete."""
        if self._fed and not self._decompressor.eof:
            raise CopyDamaged(f"{self._what}: it ends in the middle of a zstd frame")
