"""For how long each object is locked in a vault with `lock_days`. Pure; docs/reference/vaults.md says why."""

from __future__ import annotations

import re

from outlive.backup.log.wal_names import WAL

PIECE_DAYS = 7
CHECK_DAYS = 1
_PIECE = re.compile(r"\.([0-9A-F]{8})-([0-9A-F]{8})\.[^/]*$")


def lock_days(key: str, days: int) -> int:
    """Days for the object of that key; 0: it is not locked.

    A piece of log is there for seconds to hours, until its segment is complete and says the same: locked as long as a
    copy, log would be kept twice. A mark (a piece of nothing) only tells that an idle server was idle.
    """
    if key.startswith("checks/"):
        return min(days, CHECK_DAYS)
    piece = _PIECE.search(key) if key.startswith(WAL) else None
    if piece is None:
        return days
    return 0 if piece[1] == piece[2] else min(days, PIECE_DAYS)


def words(days: int, mode: str) -> str:
    """What is locked for how long, for a person."""
    pieces = min(days, PIECE_DAYS)
    return (
        f"What Outlive puts here is locked in mode {mode}: copies, proofs and whole log segments for {days} days from "
        f"the moment they are put, pieces of an unfinished log segment for {pieces} days."
    )
