"""Looks at the lines around a place, also when they stood in an earlier block or come in a later one. Pure.

Every line within a wanted interval is seen once, in order, whatever the blocks are.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from outlive.leaks.cutter import Block, Unit

KEPT_UNITS = 48  # of the past: as far back as any interval reaches


class Onlooker(Protocol):
    """Sees units of an interval in order; `close` when it is over."""

    def see(self, unit: Unit) -> None: ...

    def close(self) -> None: ...


class History:
    """The latest block and enough of those before it."""

    def __init__(self) -> None:
        self._blocks: deque[Block] = deque()
        self.last = -1  # number of the newest unit

    def add(self, block: Block) -> None:
        self._blocks.append(block)
        self.last = block.first_unit + block.units - 1
        while len(self._blocks) > 2 and self._blocks[1].first_unit <= block.first_unit - KEPT_UNITS:
            self._blocks.popleft()

    def unit(self, number: int) -> Unit:
        block = next(block for block in reversed(self._blocks) if block.first_unit <= number)
        return block.unit(number)


class Around:
    """Intervals of units for one onlooker. `reach_units`: how far back from the newest line an interval may begin."""

    def __init__(self, history: History, onlooker: Onlooker, reach_units: int) -> None:
        self._history = history
        self._onlooker = onlooker
        self._reach = reach_units
        self._next = 0  # the first unit that was not seen yet
        self._wanted: deque[tuple[int, int]] = deque()
        self._open = False

    def want(self, low: int, high: int) -> None:
        """Units `low` to `high`. Intervals come in order; those that touch become one."""
        low = max(low, 0)
        if self._wanted and low <= self._wanted[-1][1] + 1:
            low, high = self._wanted[-1][0], max(high, self._wanted.pop()[1])
        self._wanted.append((low, high))

    def advance(self) -> None:
        """Shows what can be shown now."""
        last = self._history.last
        while self._wanted:
            low, high = self._wanted[0]
            for number in range(max(low, self._next), min(high, last) + 1):
                self._onlooker.see(self._history.unit(number))
                self._next, self._open = number + 1, True
            if last <= high + self._reach and len(self._wanted) == 1:
                return  # a later line may still prolong it
            self._wanted.popleft()
            self.finish()

    def finish(self) -> None:
        if self._open:
            self._onlooker.close()
            self._open = False
