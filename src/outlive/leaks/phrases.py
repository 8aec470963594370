"""Finds BIP39 phrases in lines that are worth a look. Pure. An onlooker of `history.Around`.

Lines come in batches that overlap; what is found belongs to the batch that sees enough behind its end.
"""

from __future__ import annotations

from collections.abc import Sequence

from outlive.leaks import glued, mnemonic, spoken
from outlive.leaks.cutter import Unit
from outlive.leaks.finding import Findings
from outlive.leaks.lexicon import LANGUAGES
from outlive.leaks.mnemonic import Kind
from outlive.leaks.rules import meanings
from outlive.leaks.spoken import Place, Row
from outlive.leaks.text import Token, clean, tokens

BATCH_UNITS = 128
AGAIN_UNITS = 48  # of a full batch, seen again with what follows
BEHIND_UNITS = 16
HARMLESS = 5000
RARE_IN_LINE = 2  # words that ordinary logs do not have, of twelve: one phrase in 600,000 has fewer
RARE_SCATTERED = 3  # one in 38,000


class Phrases:
    """Sees units in order; reports into `findings`."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._meanings = {Kind(name): meaning for name, meaning in meanings("bip39").items()}
        self._batch: list[Unit] = []
        self._harmless: set[int] = set()  # hashes of long names that were read before: programs repeat theirs
        self._own_from = 0  # what ends in an earlier unit of the batch was reported with the batch before

    def see(self, unit: Unit) -> None:
        if not unit.whole:
            self.close()
            self._look([unit], 0, 1)
            return
        if self._batch and unit.number != self._batch[-1].number + 1:
            self.close()
        self._batch.append(unit)
        if len(self._batch) == BATCH_UNITS:
            own_to = BATCH_UNITS - BEHIND_UNITS
            self._look(self._batch, self._own_from, own_to)
            self._batch = self._batch[-AGAIN_UNITS:]
            self._own_from = own_to - (BATCH_UNITS - AGAIN_UNITS)

    def close(self) -> None:
        if self._batch:
            self._look(self._batch, self._own_from, len(self._batch))
        self._batch, self._own_from = [], 0

    def is_harmless(self, run: bytes) -> bool:
        """Was this long run read before, and was nothing?"""
        return hash(run) in self._harmless

    def see_glued(self, unit: Unit, run: bytes) -> None:
        """A line with a long run of letters, of which `run` is one."""
        line = clean(unit.data)
        found = [self._read_glued(unit, line, start, stop) for start, stop in glued.runs(line)]
        if not any(found):
            if len(self._harmless) >= HARMLESS:
                self._harmless.clear()
            self._harmless.add(hash(run))

    def _read_glued(self, unit: Unit, line: bytes, start: int, stop: int) -> bool:
        """Is it dictionary words?"""
        if glued.is_dictionary(line[start:stop]):
            if unit.owns(stop):
                self._report(Kind.WORDLIST, 0, (), unit, start)
            return True
        for words in glued.readings(line, start, stop):
            covered: set[Place] = set()
            for row in spoken.runs([words]):
                self._judge(row, [words], [unit], range(1), covered)
            if covered:
                return True
        return False

    def _look(self, units: Sequence[Unit], own_from: int, own_to: int) -> None:
        lines = [tokens(clean(unit.data)) for unit in units]
        covered: set[Place] = set()
        for row in spoken.rows(lines):
            if not covered.issuperset(row.places):
                self._judge(row, lines, units, range(own_from, own_to), covered)

    def _judge(
        self, row: Row, lines: Sequence[Sequence[Token]], units: Sequence[Unit], own: range, covered: set[Place]
    ) -> None:
        found = [lines[line][place] for line, place in row.places]
        wanted = RARE_SCATTERED if row.scattered else RARE_IN_LINE
        for language, low, high, indices in _languages(found):
            stops = frozenset(stop - low for stop in row.stops if low <= stop <= high)
            rare = [token.is_rare for token in found[low:high]]
            for span in mnemonic.judge(indices, rare, stops=stops, wanted_rare=wanted):
                places = row.places[low + span.start : low + span.stop]
                (first_line, first), (last_line, last) = places[0], places[-1]
                if covered.isdisjoint(places):
                    covered.update(places)
                    if last_line in own and units[last_line].owns(lines[last_line][last].stop):
                        unit = units[first_line]
                        words = indices[span.start : span.stop]
                        self._report(span.kind, language, words, unit, lines[first_line][first].start)

    def _report(self, kind: Kind, language: int, row: Sequence[int], unit: Unit, offset: int) -> None:
        """The same phrase has one fingerprint in all its forms; a piece of a dictionary has its language's."""
        secret = LANGUAGES[language] if kind is Kind.WORDLIST else f"{LANGUAGES[language]} {list(row)}"
        self._findings.add(self._meanings[kind], unit.line, unit.column + offset + 1, secret.encode())


def _languages(found: Sequence[Token]) -> list[tuple[int, int, int, list[int]]]:
    """For each language, the pieces of a row that are in it: number, start, stop, indices."""
    pieces = []
    for language in sorted({language for token in found for language, _ in token.entry or ()}):
        indices: list[int] = []
        for place, token in enumerate([*found, None]):
            index = dict(token.entry or ()).get(language) if token else None
            if index is not None:
                indices.append(index)
                continue
            if len(indices) >= spoken.SHORTEST:
                pieces.append((language, place - len(indices), place, indices))
            indices = []
    return sorted(pieces, key=lambda piece: (piece[1] - piece[2], piece[0]))
