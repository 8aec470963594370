"""Reading a store of logs page by page, by nanosecond, so that every line is handed over once. Pure.

Loki answers a question for `[start, end)` with at most `limit` lines over all streams, oldest first; so a full page may end
between two lines of the same nanosecond, and the next has to begin with that one again. Collectors deliver late, and streams
out of order: each look asks for the last `OVERLAP_SECONDS` again. What came before is known by a hash, also after a restart.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from struct import Struct
from typing import Any

from outlive.commands.loki import Entry

OVERLAP_SECONDS = 60
FIRST_SECONDS = 600
MOST_BEHIND_SECONDS = 300
MOST_NOTED = 900  # lines that are known after a restart, less than a page: of a busier log less is asked for again
_NANO = 1_000_000_000
_NOTE = Struct(">QQ")  # the mark, and its nanosecond


@dataclass(slots=True)
class Pages:
    """How far a store was read. `start` begins a look; then each page is taken until one says that there is no more."""

    _from: int | None = None  # everything before it was asked for
    _known: dict[int, int] = field(default_factory=dict)  # hashes of what came since the overlap's begin, and when
    _known_from: int = 0  # everything since then is known
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
            self._page = max(first, self._from - (0 if self._behind else OVERLAP_SECONDS * _NANO), self._known_from)
        return self._page, max(0, (self._page - self._from) // _NANO)

    def take(self, entries: Iterable[Entry], limit: int, end_nano: int) -> tuple[list[Entry], int | None]:
        """What is new, oldest first, and from where the next page is to be asked; None when this was the last."""
        page = sorted(entries, key=lambda one: one.nano)
        fresh = self.fresh(page)
        self._behind = len(page) >= limit
        if self._behind:
            # A page full of one nanosecond says the same for ever: what else is in that nanosecond is passed over.
            newest = page[-1].nano
            self._page = self._from = newest if newest > self._page else self._page + 1
        else:
            self._from = end_nano
        self._forget(self._from - OVERLAP_SECONDS * _NANO)
        return fresh, self._page if self._behind else None

    def fresh(self, entries: Iterable[Entry]) -> list[Entry]:
        """What was not handed over before."""
        found = []
        for one in entries:
            mark = _mark(one)
            if mark not in self._known:
                self._known[mark] = one.nano
                found.append(one)
        return found

    def noted(self) -> dict[str, Any]:
        """As JSON, for who comes after a restart; empty before anything was asked."""
        if self._from is None:
            return {}
        known = sorted(self._known.items(), key=lambda one: one[1])
        packed = b"".join(_NOTE.pack(mark, nano) for mark, nano in known[-MOST_NOTED:])
        since = known[-MOST_NOTED][1] + 1 if len(known) > MOST_NOTED else self._known_from
        return {"from": self._from, "since": since, "behind": self._behind, "known": b64encode(packed).decode()}

    @classmethod
    def taken_up(cls, document: Mapping[str, Any]) -> Pages:
        """From what `noted` gave. What cannot be read is no position: then it begins as if nothing had been read."""
        try:
            packed = b64decode(document["known"], validate=True)
            known = dict(_NOTE.iter_unpack(packed[: len(packed) // _NOTE.size * _NOTE.size]))
            return cls(int(document["from"]), known, int(document["since"]), bool(document["behind"]))
        except (KeyError, TypeError, ValueError, binascii.Error):
            return cls()

    def _forget(self, before: int) -> None:
        self._known = {mark: nano for mark, nano in self._known.items() if nano >= before}


def _mark(one: Entry) -> int:
    """The same in every process."""
    named = "\0".join(part for label in one.labels for part in label).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(b"%d\0%b\0%b" % (one.nano, named, one.text), digest_size=8).digest(), "big")
