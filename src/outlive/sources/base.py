"""What a source is: the way in which one kind of asset is copied.

A capture is a loan: it is opened, its streams are read one after another to their ends, and `finish` says what the
copy is worth. Whatever a source had to change on the host to get consistent bytes (a stopped service, a temporary
file) is put back on the way out of the `with`, also when the copy fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Lineage:
    """Which thing would be copied: `id` is stable as long as it is the same database or volume, and short enough for
    a file name. `facts` say what it was made of (a Postgres system identifier, a volume's birth)."""

    id: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawStream:
    """A named stream of bytes. `name` becomes a file name in the vault: lower case letters, digits, `.`, `_`, `-`.

    `compressed` is true when the bytes are already one zstd frame (made on the server).
    """

    name: str
    chunks: Iterable[bytes | memoryview]
    compressed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the copy is worth, known once its streams have been read.

    `data_until`: writes committed before this moment are surely in it. `source`: facts for the manifest, in clear, free
    of secrets and of names of rows, files or databases. `inventory`: what was there (tables with rows, roles,
    extensions, files), for the drill; it is encrypted. `warnings` are sentences for a person. `parent` is the id of the
    copy that this one builds on.
    """

    data_until: datetime
    source: dict[str, Any]
    inventory: dict[str, Any]
    warnings: tuple[str, ...] = ()
    parent: str | None = None


class Capture(Protocol):
    """One copy being taken."""

    lineage: Lineage

    def streams(self) -> Iterator[RawStream]:
        """The streams, to be read in order, each to its end. Raises `SourceFailed` and kin when the source breaks;
        a stream that ended without an error is whole."""

    def finish(self) -> Outcome:
        """After the last stream. Raises when anything that ran for this copy did not end well."""


class Source(Protocol):
    """One kind of asset, bound to one asset."""

    def identify(self) -> Lineage:
        """Asks only which thing it is. Raises `NoData` and kin when it cannot be asked."""

    def capture(self) -> AbstractContextManager[Capture]:
        """Opens a capture."""
