"""The sieve on Hyperscan (the `fast` extra): several times as fast, with the same answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

import hyperscan

from outlive.leaks.sieve import LONG_RUN, Hit, Wanted


class HyperscanSieve:
    """Words are looked for as literals with a blank on either side, in text in which all but letters are blanks."""

    def __init__(self, wanted: Wanted) -> None:
        self._words = _database([b" " + word + b" " for word in wanted.words], literal=True)
        self._lengths = [len(word) + 2 for word in wanted.words]
        marks = [re.escape(literal) for literal in wanted.literals] + [probe.encode() for probe in wanted.probes]
        self._marks = _database(marks, literal=False)
        self._long = _database([b"[a-z]{%d}" % LONG_RUN], literal=False)

    def words(self, letters: bytes, muted: frozenset[int]) -> tuple[set[int], Sequence[Hit]]:
        found = _scan(self._words, b" " + letters + b" ")
        lengths = self._lengths
        hits = [(stop - lengths[number], number) for stop, number in found if number not in muted]
        return {number for _, number in found}, sorted(hits)

    def marks(self, block: bytes) -> Sequence[Hit]:
        return [(stop - 1, number) for stop, number in _scan(self._marks, block)]

    def long_runs(self, letters: bytes) -> Sequence[int]:
        return [stop - 1 for stop, _ in _scan(self._long, letters)]


def _database(expressions: list[bytes], *, literal: bool) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    count = len(expressions)
    database.compile(
        expressions=expressions, ids=list(range(count)), elements=count, flags=[0] * count, literal=literal
    )
    return database


def _scan(database: hyperscan.Database, text: bytes) -> list[Hit]:
    hits: list[Hit] = []
    take = hits.append

    def found(number: int, start: int, stop: int, flags: int, context: object) -> None:
        take((stop, number))

    database.scan(text, match_event_handler=found)
    return hits
