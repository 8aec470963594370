"""Private keys in PEM, OpenSSH and PGP blocks, over several lines behind any prefix, or escaped into one. Pure. An
onlooker of `history.Around`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from outlive.leaks.cutter import Unit
from outlive.leaks.finding import Findings
from outlive.leaks.rules import meanings

LITERAL = b"-----BEGIN"
AFTER_UNITS = 80  # lines of the longest key that is in use (RSA of 4096 bits: 52), with others between
_EMPTY_LINES = 6  # lines without key text before a header is taken for talk about keys
_LEAST_BYTES = 40  # of base64: an Ed25519 key in PKCS8 has 64
_MOST_BYTES = 16 << 10
_HEADER = re.compile(rb"-----BEGIN ((?:[A-Z0-9]{1,12} ){0,3})PRIVATE KEY(?: BLOCK)?-----")
_END = b"-----END"
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")
_ENCRYPTED = re.compile(rb"ENCRYPTED")


@dataclass(slots=True, repr=False)
class _Key:
    line: int
    column: int
    encrypted: bool
    empty: int = 0
    body: bytearray = field(default_factory=bytearray)


class KeyBlocks:
    """Sees the lines from a header on; reports into `findings`."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._meanings = meanings("keys")
        self._key: _Key | None = None

    @staticmethod
    def begins(line: bytes) -> bool:
        return _HEADER.search(line) is not None

    def see(self, unit: Unit) -> None:
        text, place = unit.data, 0
        while True:
            if self._key is None:
                header = _HEADER.search(text, place)
                if header is None:
                    return
                place = header.end()
                if not unit.owns(place):
                    continue
                self._key = _Key(unit.line, unit.column + header.start() + 1, b"ENCRYPTED" in header[1])
                self._take(text[place : self._stop(text, place)], same_line=True)
            else:
                self._take(text[place : self._stop(text, place)], same_line=False)
            if (end := text.find(_END, place)) < 0:
                return
            place = end + len(_END)
            self.close()

    def close(self) -> None:
        """The key, if it was one, is reported and forgotten."""
        key, self._key = self._key, None
        if key is not None and len(key.body) >= _LEAST_BYTES:
            meaning = self._meanings["private-key-encrypted" if key.encrypted else "private-key"]
            self._findings.add(meaning, key.line, key.column, bytes(key.body))

    @staticmethod
    def _stop(text: bytes, place: int) -> int:
        end = text.find(_END, place)
        return len(text) if end < 0 else end

    def _take(self, text: bytes, *, same_line: bool) -> None:
        """What belongs to the key: all of it behind a header, else the end of each line, behind a log's prefix."""
        assert self._key is not None
        if _ENCRYPTED.search(text):
            self._key.encrypted = True
        parts = _BASE64.findall(text.replace(b"\\n", b"\n").replace(b"\\r", b"\r"))
        self._key.empty = 0 if parts else self._key.empty + 1
        for part in parts if same_line else parts[-1:]:
            self._key.body += part[: _MOST_BYTES - len(self._key.body)]
        if self._key.empty > _EMPTY_LINES:
            self.close()
