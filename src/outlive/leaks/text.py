"""From bytes of a log to runs of letters. Pure. What is not a letter separates words; escapes and colours are made blanks
of the same length, so that places stay what they were."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from outlive.leaks.lexicon import Entry, lexicon, look_up

_COLOUR = rb"(?:\x1b|\\(?:x1b|u001[bB]|033))\[[0-9;]{0,16}[A-Za-z]"
_COLOURS = re.compile(_COLOUR)
_ESCAPES = re.compile(
    rb"\\+[nrt]"  # in a string within JSON
    rb"|" + _COLOUR + rb"|\\u[0-9A-Fa-f]{4}"
    rb"|%[0-9A-Fa-f]{2}"
)
_FOREIGN_BLANKS = tuple(mark.encode() for mark in "\u3000\u3001\u3002\uff0c\uff1a\uff1b\u00a0\u2013\u2014\u2028\u00b7")
_TOKEN = re.compile(rb"[A-Za-z\x80-\xff]+")
_TO_LETTERS = bytes(
    byte | 0x20 if byte < 0x80 and chr(byte).isalpha() else byte if byte >= 0x80 else 0x20 for byte in range(256)
)


class Token(NamedTuple):
    """A run of letters, `name` in lower case: bytes `start` to `stop` of the line. `steady`: touches no digit; what does
    is part of an id or a time and differs from line to line."""

    start: int
    stop: int
    name: bytes
    entry: Entry | None
    steady: bool = True

    def __repr__(self) -> str:
        return "Token"  # what it holds may be a secret

    @property
    def is_rare(self) -> bool:
        """A dictionary word that ordinary logs do not have."""
        return self.entry is not None and self.name not in lexicon().common


def letters(block: bytes) -> bytes:
    """The block with letters in lower case and blanks for all else, of the same length: what words are looked for in."""
    escapes = b"\\" in block
    if escapes:
        block = block.replace(b"\\n", b"  ")
    if b"\x1b" in block or (escapes and b"1b[" in block):
        block = _COLOURS.sub(_blanks, block)
    return _foreign(block).translate(_TO_LETTERS)


def clean(line: bytes) -> bytes:
    """The line with escapes, colours and foreign blanks as blanks, of the same length."""
    if b"\\" in line or b"%" in line or b"\x1b" in line:
        line = _ESCAPES.sub(_blanks, line)
    return _foreign(line)


def tokens(line: bytes) -> list[Token]:
    """The runs of letters of a cleaned line."""
    found = []
    entries, new = lexicon().entries, tuple.__new__
    for match in _TOKEN.finditer(line):
        start, stop = match.span()
        name = match[0].lower()
        entry = entries.get(name) or (None if name.isascii() else look_up(name))
        steady = not (line[stop : stop + 1].isdigit() or (start and line[start - 1 : start].isdigit()))
        found.append(new(Token, (start, stop, name, entry, steady)))  # as Token(...), in half the time
    return found


def longest_row(line: bytes) -> Sequence[bytes]:
    """The dictionary words that stand side by side in it; the longest row. A quick look, at words as they are written."""
    entries = lexicon().entries
    longest: list[bytes] = []
    row: list[bytes] = []
    for word in letters(clean(line)).split():
        if word in entries:
            row.append(word)
            continue
        longest, row = max(longest, row, key=len), []
    return max(longest, row, key=len)


def _blanks(found: re.Match[bytes]) -> bytes:
    return b" " * len(found[0])


def _foreign(block: bytes) -> bytes:
    if not block.isascii():
        for mark in _FOREIGN_BLANKS:
            block = block.replace(mark, b" " * len(mark))
    return block
