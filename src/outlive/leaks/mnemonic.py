"""Is a row of dictionary words a wallet's phrase, a piece of the dictionary, or chance? Pure, on indices of one list.

A checksum alone proves little: one in sixteen random rows of twelve words has a good one, and so have the twelve words
from "broken" on, which stand side by side in the dictionary.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import pairwise

SIZES = (24, 21, 18, 15, 12)
STEADY = 4  # so many words at one distance: chance has it once in 2048 squared
SORTED = 10  # so many in alphabetical order: once in 10! / 6
ANY_ORDER = 60  # words without a stop: more than a phrase, so a list


class Kind(Enum):
    MNEMONIC = "bip39-mnemonic"
    TEST_VECTOR = "bip39-test-vector"
    WORDLIST = "bip39-wordlist"


@dataclass(frozen=True, slots=True)
class Span:
    """Words `start` to `stop` of the row."""

    kind: Kind
    start: int
    stop: int


def entropy(row: Sequence[int]) -> bytes | None:
    """What the phrase was made from, or None when its checksum is wrong. `row`: 12, 15, 18, 21 or 24 indices."""
    number = 0
    for index in row:
        number = number << 11 | index
    check_bits = len(row) // 3
    secret = (number >> check_bits).to_bytes(len(row) * 4 // 3, "big")
    expected = sha256(secret).digest()[0] >> (8 - check_bits)
    return secret if number & ((1 << check_bits) - 1) == expected else None


def judge(row: Sequence[int], rare: Sequence[bool], *, stops: frozenset[int], wanted_rare: int) -> Iterator[Span]:
    """All spans in a row of indices that stand together. `rare[i]`: ordinary logs do not have the word. `stops`: places
    where a line begins or ends, beside 0 and `len(row)`. A phrase needs `wanted_rare` rare words."""
    free = 0
    for start, stop in _lists(row):
        yield Span(Kind.WORDLIST, start, stop)
        yield from _phrases(row, rare, free, start, stops, wanted_rare)
        free = stop
    if len(row) - free > ANY_ORDER and not stops:
        yield Span(Kind.WORDLIST, free, len(row))
    yield from _phrases(row, rare, free, len(row), stops, wanted_rare)


def _lists(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pieces of a dictionary, printed in order, backwards, in columns or filtered; from left to right, apart."""
    marks = bytearray(len(row))
    steps = [after - before for before, after in pairwise(row)]
    for key, wanted in ((lambda step: step or None, STEADY), (_sign, SORTED)):
        start = 0
        for place in range(1, len(steps) + 1):
            if place == len(steps) or key(steps[place]) is None or key(steps[place]) != key(steps[start]):
                if place - start + 1 >= wanted and key(steps[start]) is not None:
                    marks[start : place + 1] = b"\1" * (place + 1 - start)
                start = place
    start = marks.find(1)
    while start >= 0:
        stop = marks.find(0, start)
        stop = len(row) if stop < 0 else stop
        yield start, stop
        start = marks.find(1, stop)


def _sign(step: int) -> bool | None:
    return step > 0 if step else None


def _phrases(
    row: Sequence[int], rare: Sequence[bool], low: int, high: int, stops: frozenset[int], wanted_rare: int
) -> Iterator[Span]:
    """Phrases within `low` to `high`, no two over each other. What is published goes first; then one that is all of it,
    then the longest, and the last of those: words of the sentence around it stand before a phrase more often than behind."""
    taken = bytearray(high)
    found = []
    for start, stop in _windows(low, high, stops | {low, high}):
        kind = _kind(row[start:stop], sum(rare[start:stop]) >= wanted_rare)
        if kind is not None:
            found.append(Span(kind, start, stop))
    for span in sorted(found, key=lambda span: span.kind is not Kind.TEST_VECTOR):
        if not any(taken[span.start : span.stop]):
            taken[span.start : span.stop] = b"\1" * (span.stop - span.start)
            yield span


def _windows(low: int, high: int, edges: frozenset[int]) -> Iterator[tuple[int, int]]:
    if high - low in SIZES:
        yield low, high
    only_edges = high - low > ANY_ORDER
    for size in SIZES:
        for stop in range(high, low + size - 1, -1):
            if not only_edges or (stop in edges and stop - size in edges):
                yield stop - size, stop


def _kind(row: Sequence[int], rare_enough: bool) -> Kind | None:
    secret = entropy(row)
    if secret is None:
        return None
    if secret.hex() in test_vectors():
        return Kind.TEST_VECTOR
    few_repeats = len(set(row)) >= len(row) - len(row) // 6
    return Kind.MNEMONIC if rare_enough and few_repeats else None


@cache
def test_vectors() -> frozenset[str]:
    """The entropy of every published phrase that is known here, in hexadecimal."""
    text = (files(__package__) / "rules" / "bip39.toml").read_text(encoding="utf-8")
    return frozenset(secret for group in tomllib.loads(text)["vectors"] for secret in group["entropy"])
