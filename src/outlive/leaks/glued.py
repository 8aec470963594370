"""Dictionary words without anything between them: `BrokenBronzeBroom`, `brokenbronzebroom`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from outlive.leaks.lexicon import LANGUAGES, lexicon, look_up
from outlive.leaks.mnemonic import SIZES
from outlive.leaks.sieve import LONG_RUN
from outlive.leaks.text import Token

LEAST = min(SIZES) * 3  # letters of a phrase
LONGEST = max(SIZES) * 8  # letters of a phrase; no word of these lists has more than ten, few more than eight
LOOKED_AT = 400  # letters are enough to know a dictionary
SHORTEST_WORD = 3
LONGEST_WORD = 10
READINGS = 64  # ways to cut a run into words that are tried
LATIN = range(LANGUAGES.index("czech") + 1)

_RUN = re.compile(rb"[A-Za-z]{%d,}" % LONG_RUN)
_CAMEL = re.compile(rb"[A-Z]?[a-z]+|[A-Z]")


def runs(line: bytes) -> Iterator[tuple[int, int]]:
    """Beginning and end of the long runs of a cleaned line."""
    return (found.span() for found in _RUN.finditer(line))


def is_dictionary(text: bytes) -> bool:
    """Are the letters a piece of a list, in its order? Also when it is cut within words."""
    beginning = text[:LOOKED_AT].lower()
    return any(beginning in row for row in lexicon().in_a_row)


def readings(line: bytes, start: int, stop: int) -> Iterator[list[Token]]:
    """The run as words: by its capital letters, then every way to cut all of it into words of one language."""
    text = line[start:stop]
    yield [_token(part.start(), part[0], start) for part in _CAMEL.finditer(text)]
    if LEAST <= len(text) <= LONGEST:
        lower = text.lower()
        for language in LATIN:
            for words in islice(_cuts(lower, _words(language)), READINGS):
                if len(words) in SIZES:
                    yield [_token(place, lower[place:end], start) for place, end in words]


def _token(place: int, word: bytes, start: int) -> Token:
    return Token(start + place, start + place + len(word), word.lower(), look_up(word))


def _cuts(text: bytes, words: frozenset[bytes]) -> Iterator[list[tuple[int, int]]]:
    """All ways to cut the whole text into words. Dead ends are found first, in linear time."""
    ahead: dict[int, list[int]] = {0: []}  # by where a word may begin: where it ends
    for place in range(len(text)):
        if place in ahead:
            stops = range(place + SHORTEST_WORD, min(place + LONGEST_WORD, len(text)) + 1)
            ahead[place] = [stop for stop in stops if text[place:stop] in words]
            for stop in ahead[place]:
                ahead.setdefault(stop, [])
    alive = {len(text)}
    for place in sorted(ahead, reverse=True):
        if not alive.isdisjoint(ahead[place]):
            alive.add(place)

    def onwards(place: int) -> Iterator[list[tuple[int, int]]]:
        if place == len(text):
            yield []
            return
        for stop in ahead[place]:
            if stop in alive:
                for rest in onwards(stop):
                    yield [(place, stop), *rest]

    return onwards(0)


@cache
def _words(language: int) -> frozenset[bytes]:
    return frozenset(word for word, entry in lexicon().entries.items() if word.isascii() and language in dict(entry))
