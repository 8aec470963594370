"""Cuts a stream of bytes into blocks of whole lines. Pure. Where the stream was cut into chunks changes nothing.

A line longer than `LINE_BYTES` comes in overlapping pieces; each thing found belongs to the one piece that holds its
end and, behind it, what must be seen to know that it is the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

LINE_BYTES = 64 << 10
OVERLAP_BYTES = 8 << 10  # nothing that is looked for is longer
BEHIND_BYTES = 64  # what a piece shows behind the things that are its own
BLOCK_BYTES = 64 << 10
ENDLESS = 1 << 62


class Unit(NamedTuple):
    """A line, or a piece of one. `number` counts units, `line` lines; `column` is how many bytes of the line lie before
    `data`. What ends within `own_from` < end <= `own_to` is this unit's to report. `whole`: not a piece."""

    number: int
    line: int
    data: bytes
    column: int = 0
    own_from: int = -1
    own_to: int = ENDLESS
    whole: bool = True

    def __repr__(self) -> str:
        return f"Unit({self.number})"  # its text may be a secret

    def owns(self, stop: int) -> bool:
        return self.own_from < stop <= self.own_to


class Block:
    """Units that follow each other: lines with newlines between them, or one piece. A unit is made only when it is asked
    for: most lines are never looked at one by one."""

    __slots__ = ("_first_line", "_lines", "_piece", "data", "first_unit", "units")

    def __init__(self, data: bytes, first_unit: int, first_line: int, piece: Unit | None = None) -> None:
        self.data = data
        self.first_unit = first_unit
        self.units = 1 if piece else data.count(b"\n") + 1
        self._first_line = first_line
        self._piece = piece
        self._lines: list[bytes] | None = None

    def unit(self, number: int) -> Unit:
        """By its number."""
        if self._piece:
            return self._piece
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        place = number - self.first_unit
        return Unit(number, self._first_line + place, self._lines[place])

    def at(self, number: int, offset: int) -> Unit:
        """By its number and any offset within it: quicker, when few are looked at."""
        if self._piece:
            return self._piece
        stop = self.data.find(b"\n", offset)
        line = self.data[self.data.rfind(b"\n", 0, offset) + 1 : stop if stop >= 0 else len(self.data)]
        return Unit(number, self._first_line + number - self.first_unit, line)


class Cutter:
    """Fed with bytes, gives blocks; holds less than a piece of a line and a block of it back."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._fed = 0
        self._units = 0
        self._line = 1
        self._column = 0  # bytes of the current line before what is held; > 0 within a long line

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """Blocks that are complete, each time the stream has grown by `BLOCK_BYTES`."""
        start = 0
        while start < len(chunk):
            stop = start + BLOCK_BYTES - self._fed % BLOCK_BYTES
            piece = chunk[start:stop]
            self._held += piece
            self._fed += len(piece)
            start = stop
            if self._fed % BLOCK_BYTES == 0:
                yield from self.settle()

    def settle(self) -> Iterator[Block]:
        """What stands in whole lines, now."""
        while (stop := self._held.find(b"\n")) >= 0 or len(self._held) > LINE_BYTES:
            if stop < 0 or stop > LINE_BYTES:
                yield self._piece()
            elif self._column:
                yield self._last_piece(stop)
            else:
                yield self._lines()

    def finish(self) -> Iterator[Block]:
        """The rest, which no newline ends."""
        yield from self.settle()
        if self._held:
            yield self._last_piece(len(self._held)) if self._column else self._lines_of(bytes(self._held))
        self._held.clear()

    def _lines(self) -> Block:
        """All lines up to the last newline that is held, or up to one that is too long."""
        data = bytes(self._held[: self._held.rfind(b"\n")])
        if len(data) > LINE_BYTES:
            lines = data.split(b"\n")
            too_long = next((place for place, line in enumerate(lines) if len(line) > LINE_BYTES), None)
            data = data if too_long is None else b"\n".join(lines[:too_long])
        del self._held[: len(data) + 1]
        return self._lines_of(data)

    def _lines_of(self, data: bytes) -> Block:
        block = Block(data, self._units, self._line)
        self._units += block.units
        self._line += block.units
        return block

    def _piece(self) -> Block:
        """The beginning of a long line, or what follows there."""
        block = self._piece_of(bytes(self._held[:LINE_BYTES]), LINE_BYTES - BEHIND_BYTES)
        self._column += LINE_BYTES - OVERLAP_BYTES
        del self._held[: LINE_BYTES - OVERLAP_BYTES]
        return block

    def _last_piece(self, stop: int) -> Block:
        block = self._piece_of(bytes(self._held[:stop]), ENDLESS)
        del self._held[: stop + 1]
        self._column = 0
        self._line += 1
        return block

    def _piece_of(self, data: bytes, own_to: int) -> Block:
        own_from = OVERLAP_BYTES - BEHIND_BYTES if self._column else -1
        piece = Unit(self._units, self._line, data, self._column, own_from, own_to, whole=False)
        self._units += 1
        return Block(data, piece.number, piece.line, piece)
