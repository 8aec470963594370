"""Reading what `outlive scan` is given: files, compressed ones, standard input."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from outlive.errors import NoData

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STDIN = "-"
CHUNK_BYTES = 1 << 20
_PACKED: dict[str, Callable[..., object]] = {".gz": gzip.open, ".zst": zstd.open}


class FileUnreadable(NoData):
    """The file could not be read to its end; what stands in the rest of it is not known."""

    hint = "Check its name, its rights and, when it is compressed, whether it is whole. What was found before is told."


def chunks(name: str) -> Iterator[bytes]:
    """The text of a file in chunks; `.gz` and `.zst` are unpacked on the way. Raises FileUnreadable."""
    try:
        with _opened(name) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise FileUnreadable(f"{name}: {reason}.") from error


def expected_bytes(name: str) -> int | None:
    """How much text will come; None when that is not known beforehand."""
    path = Path(name)
    return path.stat().st_size if name != STDIN and path.is_file() and path.suffix not in _PACKED else None


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STDIN:
        yield sys.stdin.buffer
        return
    path = Path(name)
    with cast(BinaryIO, _PACKED[path.suffix](path, "rb") if path.suffix in _PACKED else path.open("rb")) as file:
        yield file
