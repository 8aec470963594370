"""Rows of dictionary words in lines of a log: side by side, wrapped over lines behind a prefix, or one in every record.
Pure. Gives rows of places; whether a row is a phrase is mnemonic.py's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from outlive.leaks.text import Token

SHORTEST = 4  # words: fewer are neither a phrase nor a list
APART_UNITS = 8  # between two lines of one text, other programs' lines may stand
LONGEST_RECORD = 8  # tokens from one word to the next, when each stands in a record of its own

Place = tuple[int, int]  # (which line, which of its tokens)
Line = Sequence[Token]


@dataclass(frozen=True, slots=True)
class Row:
    """Dictionary words that belong together. `stops`: where in the row a line begins. `scattered`: not side by side in
    one line, so that more is asked of them."""

    places: tuple[Place, ...]
    stops: frozenset[int] = frozenset()
    scattered: bool = True


def rows(lines: Sequence[Line]) -> Iterator[Row]:
    """Every row; the ones over several lines first, since they hold the others."""
    yield from _wrapped(lines)
    yield from _in_records(lines)
    yield from runs(lines)


def runs(lines: Sequence[Line]) -> Iterator[Row]:
    """Words side by side in one line."""
    for number, line in enumerate(lines):
        for start, stop in _runs(line):
            if stop - start >= SHORTEST:
                yield Row(tuple((number, place) for place in range(start, stop)), scattered=False)


def _runs(line: Line) -> Iterator[tuple[int, int]]:
    """Dictionary words without another word between them."""
    start = 0
    for place, token in enumerate(line):
        if token.entry is None:
            if place > start:
                yield start, place
            start = place + 1
    if len(line) > start:
        yield start, len(line)


# --- wrapped text ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Text:
    """A text over several lines: the longest run of each, between the same words before and behind it."""

    before: tuple[bytes, ...]
    behind: tuple[bytes, ...]
    pieces: list[tuple[int, int, int]] = field(default_factory=list)  # line, start, stop

    @property
    def last_line(self) -> int:
        return self.pieces[-1][0]


def _wrapped(lines: Sequence[Line]) -> Iterator[Row]:
    open_texts: list[_Text] = []
    for number, line in enumerate(lines):
        piece = max(_runs(line), key=lambda run: (run[1] - run[0], run[0]), default=None)
        if piece is None:
            continue
        before, behind = _names(line[: piece[0]]), _names(line[piece[1] :])
        going_on = (text for text in open_texts if _goes_on(text, number, before))
        text = max(going_on, key=lambda text: (text.before == before, text.behind == behind), default=None)
        if text is None:
            text = _Text(before, behind)
            open_texts.append(text)
        text.before = before  # a heading on the first line is gone from the second on
        text.pieces.append((number, *piece))
        if behind != text.behind:  # the last line, behind which something else stands; or the first of another text
            open_texts.remove(text)
            yield from _rows_of(text, lines)
            open_texts.append(_Text(before, behind, [(number, *piece)]))
        for old in [old for old in open_texts if number - old.last_line > APART_UNITS]:
            open_texts.remove(old)
            yield from _rows_of(old, lines)
    for text in open_texts:
        yield from _rows_of(text, lines)


def _goes_on(text: _Text, number: int, before: tuple[bytes, ...]) -> bool:
    if number - text.last_line > APART_UNITS:
        return False
    return before == text.before or (len(text.pieces) == 1 and text.before[: len(before)] == before)


def _names(tokens: Line) -> tuple[bytes, ...]:
    return tuple(token.name for token in tokens if token.steady)


def _rows_of(text: _Text, lines: Sequence[Line]) -> Iterator[Row]:
    """The text as it stands, and without the dictionary words that begin or end each of its lines alike ("error")."""
    if len(text.pieces) < 2:
        return
    yield _joined(text.pieces)
    words = [[token.name for token in lines[line][start:stop]] for line, start, stop in text.pieces]
    inner = words[1:-1] if len(words) > 3 else words  # what stands beside the text may have been taken for its ends
    head, tail = _alike(inner), _alike([some[::-1] for some in inner])
    if head or tail:
        first, last = inner[0][:head], inner[0][len(inner[0]) - tail :]
        yield _joined(
            [
                (line, start + head * (some[:head] == first), stop - tail * (tail > 0 and some[-tail:] == last))
                for (line, start, stop), some in zip(text.pieces, words, strict=True)
            ]
        )


def _joined(pieces: Sequence[tuple[int, int, int]]) -> Row:
    places: list[Place] = []
    stops = set()
    for line, start, stop in pieces:
        stops.add(len(places))
        places += [(line, place) for place in range(start, stop)]
    return Row(tuple(places), frozenset(stops))


def _alike(words: Sequence[Sequence[bytes]]) -> int:
    """How many words all begin with; at least one of each is left."""
    count = 0
    while all(len(some) > count + 1 for some in words) and len({some[count] for some in words}) == 1:
        count += 1
    return count


# --- one word in each record -------------------------------------------------------------------------------------


def _in_records(lines: Sequence[Line]) -> Iterator[Row]:
    """Words at one distance from each other, with the same tokens between them: `"word":"abandon","word":"ability"`.
    Two rare words that follow each other show the way."""
    flat = [(number, place) for number, line in enumerate(lines) for place in range(len(line))]
    tokens = [token for line in lines for token in line]
    rare = [place for place, token in enumerate(tokens) if token.is_rare]
    ends: dict[int, int] = {}  # by the distance: where the last row ended
    for here, there in pairwise(rare):
        step = there - here
        if 2 <= step <= LONGEST_RECORD and here >= ends.get(step, 0):
            items = _items(tokens, here, step)
            ends[step] = items[-1]
            if len(items) >= SHORTEST:
                yield Row(tuple(flat[item] for item in items))


def _items(tokens: Sequence[Token], here: int, step: int) -> list[int]:
    """The words at this distance from `here`, on both sides, as long as the same stands between them."""
    between = [token.name for token in tokens[here + 1 : here + step]]

    def fits(word: int, first: int) -> bool:
        names = [token.name for token in tokens[first : first + step - 1]]
        return 0 <= word < len(tokens) and tokens[word].entry is not None and names == between

    first = last = here
    while fits(first - step, first - step + 1):
        first -= step
    while fits(last + step, last + 1):
        last += step
    return list(range(first, last + 1, step))
