"""Reading a store of logs page by page, by nanosecond, so that every line is handed over once. Pure.

Loki answers a question for `[start, end)` with at most `limit` lines over all streams, oldest first; so a full page may end
between two lines of the same nanosecond, and the next has to begin with that one again. Collectors deliver late, and streams
out of order: each look asks for the last `OVERLAP_SECONDS` again. What came before is known by a hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from outlive.commands.loki import Entry

OVERLAP_SECONDS = 60
FIRST_SECONDS = 600
MOST_BEHIND_SECONDS = 300
_NANO = 1_000_000_000


@dataclass(slots=True)
class Pages:
    """How far a store was read. `start` begins a look; then each page is taken until one says that there is no more."""

    _from: int | None = None  # everything before it was asked for
    _known: dict[int, int] = field(default_factory=dict)  # hashes of what came since the overlap's begin, and when
    _behind: bool = False  # the last look ended before the end
    _page: int = 0

    def start(self, now_nano: int) -> tuple[int, int]:
        """From which nanosecond on is asked, and how many seconds are given up: what is too far behind is."""
        first = now_nano - FIRST_SECONDS * _NANO
        if self._from is None:
            self._page = first
            return first, 0
        if self._behind and now_nano - self._from > MOST_BEHIND_SECONDS * _NANO:
            self._page = now_nano - OVERLAP_SECONDS * _NANO
        else:
            self._page = max(first, self._from - (0 if self._behind else OVERLAP_SECONDS * _NANO))
        return self._page, max(0, (self._page - self._from) // _NANO)

    def take(self, entries: Iterable[Entry], limit: int, end_nano: int) -> tuple[list[Entry], int | None]:
        """What is new, oldest first, and from where the next page is to be asked; None when this was the last."""
        page = sorted(entries, key=lambda one: one.nano)
        fresh = list(self._fresh(page))
        self._behind = len(page) >= limit
        if self._behind:
            # A page full of one nanosecond says the same for ever: what else is in that nanosecond is passed over.
            newest = page[-1].nano
            self._page = self._from = newest if newest > self._page else self._page + 1
        else:
            self._from = end_nano
        self._forget(self._from - OVERLAP_SECONDS * _NANO)
        return fresh, self._page if self._behind else None

    def _fresh(self, page: Iterable[Entry]) -> Iterator[Entry]:
        for one in page:
            mark = hash(one)
            if mark not in self._known:
                self._known[mark] = one.nano
                yield one

    def _forget(self, before: int) -> None:
        self._known = {mark: nano for mark, nano in self._known.items() if nano >= before}
