"""What a vault is: keys and whole objects of bounded size, nothing else.

Objects are at most a part long (about 32 MiB), so every verb takes or gives them whole; that keeps uploads single PUTs,
which alone can be made conditional ("create only if absent") on S3. Nothing is ever rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """A stored object: key, size, and when the *vault's* clock says it was written (aware, UTC)."""

    key: str
    bytes: int
    modified_at: datetime


class Vault(Protocol):
    """Where bytes rest. Keys are `/`-separated, relative, without `.`, `..` or empty segments.

    Errors: `ObjectExists`, `ObjectMissing`, `VaultFull`, `VaultForbidden`, `VaultUnreachable`, `VaultFailed`.
    Every verb may be called from several threads at once.
    """

    @property
    def url(self) -> str:
        """How a person writes this vault, free of secrets."""

    def put(self, key: str, data: bytes) -> None:
        """Creates the object; raises `ObjectExists` and changes nothing when the key is taken.

        When it returns, the object is durable: a crash or power cut does not take it back. When it raises, either
        nothing or the whole object is there, never a piece of it under this key.
        A store that cannot check for existence may overwrite (see `outlive vault check`); keys that matter are
        therefore never reused.
        """

    def get(self, key: str) -> bytes:
        """The whole object. Raises `ObjectMissing` only when the vault says that it is not there."""

    def holds(self, key: str, data: bytes) -> bool:
        """Reads the object again and says whether it is exactly `data`, without holding it in memory twice.
        Raises `ObjectMissing` when it is not there at all."""

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every object whose key begins with the folder `prefix` ("" or ending in "/"), in order of keys."""

    def folders(self, prefix: str) -> list[str]:
        """The names of the folders directly below `prefix` ("" or ending in "/"), sorted."""

    def copy(self, source: str, target: str) -> None:
        """Makes `target` an object with the same bytes without sending them again. `target` must be a fresh key."""

    def delete(self, key: str) -> None:
        """Removes the object; it is no error when it is not there."""


TEMPORARY = ".tmp-"  # how names of unfinished files begin; no listing shows them
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")  # control characters, backslash, what UTF-8 cannot write


def check_key(key: str) -> str:
    """The key itself. Raises ValueError for a key that could leave its vault, be read in two ways, or that some kind of
    vault cannot hold."""
    segments = key.split("/")
    if _FORBIDDEN.search(key) or any(one in ("", ".", "..") or one.startswith(TEMPORARY) for one in segments):
        raise ValueError(f"{key!r} is not a vault key")
    return key
