"""A tar archive read as it passes by: what is in it, and whether it is whole.

A pipe that ended is no proof that an archive did. This walks the headers (POSIX.1-2017 pax, "ustar" and GNU's long
names), checks each header's checksum and the two zero blocks at the end, and holds nothing but one header in memory.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

BLOCK = 512
_HEADER_BYTES = 16 << 20  # an extended header holds a name, ACLs and attributes: more than this is no header
_DATALESS = frozenset(b"123456")


class BadTar(ValueError):
    """The bytes are no whole tar archive."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What an archive holds: members of any kind, how many of them are files (hard links included), the files' bytes
    with holes counted, and the SHA-256 over the names as they stand in it, in order, each followed by a zero byte."""

    members: int = 0
    files: int = 0
    directories: int = 0
    bytes: int = 0
    names_sha256: str = hashlib.sha256().hexdigest()


class TarReader:
    """Is fed an archive in pieces of any size."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._wanted = BLOCK
        self._skip = 0
        self._extended = b""  # the type of the extended header whose body is being gathered
        self._pax: dict[bytes, bytes] = {}
        self._zeros = 0
        self._names = hashlib.sha256()
        self._members = self._files = self._directories = self._bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Reads on. Raises `BadTar` as soon as something cannot be part of an archive."""
        view = memoryview(chunk)
        while view:
            if self._skip:
                skipped = min(self._skip, len(view))
                self._skip -= skipped
                view = view[skipped:]
                continue
            taken = self._wanted - len(self._block)
            self._block += view[:taken]
            view = view[taken:]
            if len(self._block) == self._wanted:
                block, self._block, self._wanted = bytes(self._block), bytearray(), BLOCK
                self._take(block)

    def close(self) -> Listing:
        """What was in it. Raises `BadTar` when it has not ended properly."""
        if self._zeros < 2 or self._block or self._skip:
            raise BadTar("the archive is cut off: its end mark is missing")
        return Listing(self._members, self._files, self._directories, self._bytes, self._names.hexdigest())

    def _take(self, block: bytes) -> None:
        if self._extended:
            self._extend(self._extended, block)
            self._extended = b""
        elif not block.strip(b"\0"):
            self._zeros += 1
        elif self._zeros:
            raise BadTar("something follows the archive's end mark")
        else:
            self._header(block)

    def _header(self, block: bytes) -> None:
        if _number(block[148:156]) != sum(block) - sum(block[148:156]) + 8 * 0x20:
            raise BadTar("what came is not a tar archive, or a damaged one (checksum of a header)")
        kind, size = block[156:157], _number(block[124:136])
        if kind in b"xgLK":
            if not 0 < size <= _HEADER_BYTES:
                raise BadTar(f"an extended header of {size} bytes")
            self._extended, self._wanted, self._size = kind, _padded(size), size
            return
        self._member(kind, block, int(self._pax.pop(b"size", b"%d" % size)))
        self._pax.clear()

    def _member(self, kind: bytes, block: bytes, size: int) -> None:
        name = self._pax.get(b"GNU.sparse.name") or self._pax.get(b"path") or _name(block)
        self._names.update(name + b"\0")
        self._members += 1
        self._directories += kind == b"5"
        self._files += kind == b"1"  # another name of a file that came before
        if kind[0] in _DATALESS:
            return
        self._skip = _padded(size)
        self._files += 1
        self._bytes += int(self._pax.get(b"GNU.sparse.realsize") or self._pax.get(b"GNU.sparse.size") or size)

    def _extend(self, kind: bytes, body: bytes) -> None:
        body = body[: self._size]
        if kind == b"L":
            self._pax[b"path"] = body.rstrip(b"\0")
        elif kind == b"x":
            self._pax.update(_records(body))


def _records(body: bytes) -> dict[bytes, bytes]:
    """Records of the form "LENGTH KEY=VALUE\\n", where LENGTH counts all of it."""
    found: dict[bytes, bytes] = {}
    while body:
        length, space, _ = body.partition(b" ")
        if not space or not length.isdigit() or not len(length) < int(length) <= len(body):
            raise BadTar("an extended header that cannot be read")
        key, _, value = body[len(length) + 1 : int(length) - 1].partition(b"=")
        found[key] = value
        body = body[int(length) :]
    return found


def _name(block: bytes) -> bytes:
    name, prefix = block[:100].split(b"\0")[0], block[345:500].split(b"\0")[0]
    return prefix + b"/" + name if prefix and block[257:263] == b"ustar\0" else name


def _number(field: bytes) -> int:
    """Octal text, or base 256 when the highest bit is set (GNU, for what octal cannot hold)."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError as error:
        raise BadTar("what came is not a tar archive (a header's number)") from error


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
