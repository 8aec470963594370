"""Finds, in a block, the few lines that are worth a rule's look. Pure. Two ways with the same answers: this one in plain
Python, and Hyperscan's (sieve_hyperscan.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

LONG_RUN = 24  # letters: eight glued words of three
_SHAPE = bytes(0x61 if byte < 0x80 and chr(byte).isalpha() else 0x20 for byte in range(256))
_LONG = b"a" * LONG_RUN

Hit = tuple[int, int]  # (where in the block, number of the word, or of the literal or probe)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`words`: whole runs of letters in lower case. `literals`: bytes. `probes`: regular expressions; their numbers
    follow those of the literals."""

    words: tuple[bytes, ...]
    literals: tuple[bytes, ...]
    probes: tuple[str, ...]


class Sieve(Protocol):
    """All answers are in the order of the block."""

    def words(self, letters: bytes, muted: frozenset[int]) -> tuple[set[int], Sequence[Hit]]:
        """Which wanted words stand in a block that `text.letters` made, and where those that are not muted stand."""
        ...

    def marks(self, block: bytes) -> Sequence[Hit]:
        """Where literals and probes stand (a byte of them) in the block as it is; each at least once a line."""
        ...

    def long_runs(self, letters: bytes) -> Sequence[int]:
        """Where runs of `LONG_RUN` ASCII letters or more begin in a block that `text.letters` made."""
        ...


class PlainSieve:
    """The standard library alone. Words are found in one pass over the block's words, each literal in one of its own."""

    def __init__(self, wanted: Wanted) -> None:
        self._numbers = {word: number for number, word in enumerate(wanted.words)}
        self._wanted = wanted
        self._words = frozenset(wanted.words)
        self._literals = tuple(enumerate(wanted.literals))
        probes = (re.compile(probe.encode()) for probe in wanted.probes)
        self._probes = tuple(enumerate(probes, start=len(wanted.literals)))

    def words(self, letters: bytes, muted: frozenset[int]) -> tuple[set[int], Sequence[Hit]]:
        present = {self._numbers[word] for word in self._words.intersection(letters.split())}
        audible = present - muted
        if not audible:
            return present, []
        padded = b" " + letters + b" "
        words = ((number, b" " + self._wanted.words[number] + b" ") for number in audible)
        return present, sorted((place, number) for number, word in words for place in _all(padded, word))

    def marks(self, block: bytes) -> Sequence[Hit]:
        hits = [(place, number) for number, literal in self._literals for place in _all(block, literal)]
        hits += [(found.end() - 1, number) for number, probe in self._probes for found in probe.finditer(block)]
        return sorted(hits)

    def long_runs(self, letters: bytes) -> Sequence[int]:
        shape = letters.translate(_SHAPE)
        places = []
        place = shape.find(_LONG)
        while place >= 0:
            places.append(place)
            stop = shape.find(b" ", place)
            place = shape.find(_LONG, stop) if stop >= 0 else -1
        return places


def _all(text: bytes, wanted: bytes) -> Iterable[int]:
    place = text.find(wanted)
    while place >= 0:
        yield place
        place = text.find(wanted, place + 1)
