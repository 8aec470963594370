"""What looks at a line that the sieve picked out: rules at the line alone, others at what stands around it. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from outlive.leaks.checks import entropy, is_placeholder
from outlive.leaks.cutter import Unit
from outlive.leaks.finding import Findings
from outlive.leaks.history import Around, Onlooker
from outlive.leaks.rules import Rule
from outlive.leaks.spoken import SHORTEST
from outlive.leaks.text import longest_row

Spans = list[tuple[int, int]]

NEAR_UNITS = 8  # rare words of one phrase are no further apart, even with other programs' lines between
FRINGE_UNITS = 16  # before the first and behind the last of them, its common words may stand
_IN_LINE = 2
_NEAR = 3
_EPOCH_BLOCKS = 8
_TOO_OFTEN = 6  # blocks of an epoch: the word belongs to this log's own talk
_SAID_OFTEN = 8
_SENTENCES = 5000
_MUTED = 40  # words at most: a phrase has enough others


class Watch(Protocol):
    def look(self, unit: Unit, taken: Spans) -> None:
        """`taken`: what other rules found in this line; adds to it."""
        ...


class BeginsSomewhere(Onlooker, Protocol):
    def begins(self, line: bytes) -> bool: ...


class RuleWatch:
    """Applies one rule to single lines."""

    def __init__(self, rule: Rule, findings: Findings, now: datetime) -> None:
        self._rule = rule
        self._findings = findings
        self._now = now
        self._group = "secret" if "secret" in rule.pattern.groupindex else 0

    def look(self, unit: Unit, taken: Spans) -> None:
        rule = self._rule
        for found in rule.pattern.finditer(unit.data.lower() if rule.lowered else unit.data):
            start, stop = found.span(self._group)
            if start < 0:
                start, stop = found.span()
            overlaps = rule.weak and any(start < end and begin < stop for begin, end in taken)
            if overlaps or not unit.owns(found.end()):
                continue
            secret = unit.data[start:stop]
            variant = self._variant(secret)
            if variant is not None:
                taken.append((start, stop))
                meaning = rule.variants[variant] if variant else rule.meaning
                self._findings.add(meaning, unit.line, unit.column + start + 1, secret)

    def _variant(self, secret: bytes) -> str | None:
        """None when it is no secret after all."""
        if not self._rule.placeholders and is_placeholder(secret):
            return None
        if self._rule.entropy and entropy(secret) < self._rule.entropy:
            return None
        return self._rule.check(secret, self._now)


class AroundWatch:
    """Has an onlooker see the lines around each place where its thing may begin."""

    def __init__(self, onlooker: BeginsSomewhere, around: Around, before: int, after: int) -> None:
        self._onlooker = onlooker
        self._around = around
        self._before = before
        self._after = after

    def look(self, unit: Unit, taken: Spans) -> None:
        if self._onlooker.begins(unit.data):
            self._around.want(unit.number - self._before, unit.number + self._after)


class RareWords:
    """Has the lines looked at in which dictionary words gather that ordinary logs do not have. A word that this log has
    all the time is not rare here, and does not count for a while."""

    def __init__(self, around: Around, telling: frozenset[int]) -> None:
        self._around = around
        self._telling = telling  # numbers of words of which one is enough
        self._recent: deque[tuple[int, int]] = deque()  # (number of the unit, number of the word)
        self._read = (-1, False)  # the last unit whose words were read, and whether they stand in a row
        self._said: Counter[int] = Counter()  # hashes of rows with few rare words, and how often they came
        self._blocks = 0
        self._counts: Counter[int] = Counter()
        self.muted: frozenset[int] = frozenset()

    def see(self, number: int, word: int, line: bytes) -> None:
        """A rare word in a unit. Places come in order."""
        recent = self._recent
        while recent and recent[0][0] < number - NEAR_UNITS:
            recent.popleft()
        if (number, word) not in recent:
            recent.append((number, word))
        if self._is_enough(number, word, line):
            self._around.want(recent[0][0] - FRINGE_UNITS, number + FRINGE_UNITS)

    def _is_enough(self, number: int, word: int, line: bytes) -> bool:
        if word in self._telling or len({word for _, word in self._recent}) >= _NEAR:
            return True
        here = {word for unit, word in self._recent if unit == number}
        if len(here) < _IN_LINE:
            return False
        if self._read[0] != number:
            self._read = (number, self._is_new_row(longest_row(line)))
        return self._read[1]

    def _is_new_row(self, row: Sequence[bytes]) -> bool:
        """Long enough for a piece of a phrase, and not a sentence that this log says all the time."""
        if len(row) < SHORTEST:
            return False
        if len(self._said) > _SENTENCES:
            self._said.clear()
        name = hash(tuple(row))
        self._said[name] += 1
        return self._said[name] <= _SAID_OFTEN

    def end_block(self, present: Iterable[int]) -> None:
        """The words that stood in a block, muted or not."""
        self._counts.update(present)
        self._blocks += 1
        if self._blocks == _EPOCH_BLOCKS:
            often = sorted(word for word, count in self._counts.most_common(_MUTED) if count >= _TOO_OFTEN)
            self.muted = frozenset(often) - self._telling
            self._counts.clear()
            self._blocks = 0
