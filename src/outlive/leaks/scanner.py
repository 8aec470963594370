"""The door: bytes go in, in chunks of any size; findings without the secret come out. Pure.

One block's way: the sieve says which lines are worth a look, by words, literals and probes; rules look at single lines,
onlookers (phrases, key blocks, groups) at the lines around.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from outlive.leaks import key_blocks, sieves, text
from outlive.leaks.cutter import Block, Cutter
from outlive.leaks.finding import Finding, Findings
from outlive.leaks.groups import GroupWatch
from outlive.leaks.history import Around, History, Onlooker
from outlive.leaks.key_blocks import KeyBlocks
from outlive.leaks.phrases import Phrases
from outlive.leaks.plan import Calls, plan
from outlive.leaks.rules import load
from outlive.leaks.sieve import Hit, Sieve, Wanted
from outlive.leaks.watches import FRINGE_UNITS, NEAR_UNITS, AroundWatch, RareWords, RuleWatch, Spans, Watch

NAME_ENDS_BYTES = 16  # `_ACCESS_KEY": "` behind a word


class Scanner:
    """Feed it, finish it, read `findings`. `key`: what fingerprints are made with; with the same key the same secret has
    the same fingerprint in every run. `now`: tells whether a token is over."""

    def __init__(self, *, key: bytes, now: datetime, sieve: Callable[[Wanted], Sieve] = sieves.best) -> None:
        self._found = Findings(key)
        self._cutter = Cutter()
        self._history = History()
        self._arounds: list[Around] = []
        self._plan = plan()
        self._sieve = sieve(self._plan.wanted)
        self._watches = self._all_watches(now)
        self._phrases = Phrases(self._found)
        self._rare = RareWords(self._around(self._phrases, NEAR_UNITS + FRINGE_UNITS), self._plan.telling)
        self.bytes = 0

    def feed(self, chunk: bytes) -> None:
        """More of the text. Lines are looked at when there are many; `settle` does it at once."""
        self.bytes += len(chunk)
        self._take(self._cutter.feed(chunk))

    def settle(self) -> None:
        """Looks at every line that has ended, for who follows a log as it grows."""
        self._take(self._cutter.settle())

    def finish(self) -> None:
        """The end of the text, whether a newline stands there or not."""
        self._take(self._cutter.finish())
        for around in self._arounds:
            around.finish()

    @property
    def findings(self) -> Sequence[Finding]:
        """What is known so far, gravest first."""
        return tuple(self._found)

    # --- one block -----------------------------------------------------------------------------------------------

    def _take(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            self._history.add(block)
            self._look(block)
            for around in self._arounds:
                around.advance()

    def _look(self, block: Block) -> None:
        letters, by_word = text.letters(block.data), self._plan.by_word
        present, words = self._sieve.words(letters, self._rare.muted)
        places = _Places(block)
        for offset, number in words:
            if number in self._plan.rare:
                unit = places.number(offset)
                self._rare.see(unit, number, block.at(unit, offset).data)
        self._rare.end_block(self._plan.rare.intersection(present))
        hits = [(offset, by_word[number]) for offset, number in words if by_word[number]]
        hits += [(offset, self._plan.by_mark[number]) for offset, number in self._sieve.marks(block.data)]
        hits += self._assigned(block.data, words)
        self._call(block, sorted(hits))
        self._read_long_runs(block, letters)

    def _assigned(self, data: bytes, words: Sequence[Hit]) -> Iterator[tuple[int, Calls]]:
        """Words that are names something is assigned to, as far as a glance tells."""
        by_name, lengths = self._plan.by_name, self._plan.wanted.words
        for offset, number in words:
            if by_name[number]:
                stop = offset + len(lengths[number])
                behind = data[stop : stop + NAME_ENDS_BYTES]
                if b"=" in behind or b":" in behind:
                    yield offset, by_name[number]

    def _read_long_runs(self, block: Block, letters: bytes) -> None:
        places, last = _Places(block), -1
        for start in self._sieve.long_runs(letters):
            stop = letters.find(b" ", start)
            run = block.data[start : stop if stop >= 0 else len(letters)]
            if not self._phrases.is_harmless(run) and (number := places.number(start)) != last:
                self._phrases.see_glued(block.at(number, start), run)
                last = number

    def _call(self, block: Block, hits: Sequence[tuple[int, Calls]]) -> None:
        """Each watch once a line, in the order of the rules."""
        places = _Places(block)
        called: dict[int, tuple[int, set[int]]] = {}
        for offset, watches in hits:
            _, known = called.setdefault(places.number(offset), (offset, set()))
            known.update(watches)
        for number, (offset, known) in called.items():
            unit = block.at(number, offset)
            taken: Spans = []
            for watch in sorted(known):
                self._watches[watch].look(unit, taken)

    # --- put together once ---------------------------------------------------------------------------------------

    def _all_watches(self, now: datetime) -> list[Watch]:
        """In the order of the plan's numbers."""
        rules, groups = load()
        watches: list[Watch] = [RuleWatch(rule, self._found, now) for rule in rules]
        for group in groups:
            watch, lines = GroupWatch(group, self._found), group.within_lines
            watches.append(AroundWatch(watch, self._around(watch, lines), lines, lines))
        keys = KeyBlocks(self._found)
        watches.append(AroundWatch(keys, self._around(keys, 0), 0, key_blocks.AFTER_UNITS))
        return watches

    def _around(self, onlooker: Onlooker, reach: int) -> Around:
        around = Around(self._history, onlooker, reach)
        self._arounds.append(around)
        return around


class _Places:
    """In which unit of a block an offset lies; asked in order."""

    def __init__(self, block: Block) -> None:
        self._data = block.data
        self._number = block.first_unit
        self._offset = 0
        self._is_piece = block.units == 1

    def number(self, offset: int) -> int:
        if not self._is_piece:
            self._number += self._data.count(b"\n", self._offset, offset)
            self._offset = offset
        return self._number
