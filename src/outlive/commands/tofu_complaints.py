"""What OpenTofu and Terraform complain of, read: what is wrong, and of a locked state whose lock it is. Pure.

Shapes: as OpenTofu 1.6.2 and Terraform 1.15.5 print them with the backends `local`, `pg` and `s3` (tried; some commands
know no `-no-color`). What an error says beside its headline may hold anything and is never repeated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ERROR = re.compile(r"^[\s│╷]*(?:Error: |Error loading the state: )(.+?)\s*$", re.MULTILINE)
_LOCK = re.compile(r"^[\s│]*(ID|Who|Operation|Created):\s+(\S.*?)\s*$", re.MULTILINE)
_LOCKED = "Error acquiring the state lock"
_OF_POSTGRES = "Workspace is already locked"
_SECRET = re.compile(r"(?<=://)\S+(?=@)|(?<=password=)\S+|(?<=secret_key=)\S+")
_HEAD, _TAIL = 90, 110  # of a long one: what was tried, and what came of it


@dataclass(frozen=True, slots=True)
class Lock:
    """Of a state, as the backend tells it. `who` is "" where it does not (Postgres: what is printed then is the lock that
    was asked for, not the one that is held)."""

    id: str
    who: str
    operation: str
    created: str


def why(complaints: str) -> str:
    """The headlines of its errors, without what they hold of secrets."""
    found = [_short(_SECRET.sub("***", line)) for line in dict.fromkeys(_ERROR.findall(_plain(complaints)))][:2]
    return "; ".join(found) or "it did not say why"


def held_lock(complaints: str) -> Lock | None:
    """The lock that somebody else has; None when that is not the matter."""
    said = _plain(complaints)
    if _LOCKED not in said:
        return None
    if _OF_POSTGRES in said:
        return Lock("", "", "", "")
    told = dict(_LOCK.findall(said))
    kind = told.get("Operation", "?").removeprefix("OperationType").lower()
    return Lock(told.get("ID", ""), told.get("Who", "somebody"), kind, told.get("Created", "?"))


def is_stale(complaints: str) -> bool:
    """The state has changed since the plan was made; nothing was applied."""
    return "Error: Saved plan is stale" in _plain(complaints)


def wants_init(complaints: str) -> bool:
    """Nobody has made that folder ready here, or its backend is another one now."""
    return any(
        one in _plain(complaints)
        for one in ("Backend initialization required", "Backend configuration changed", "Inconsistent dependency lock")
    )


def _plain(complaints: str) -> str:
    return _COLOUR.sub("", complaints)


def _short(line: str) -> str:
    return line if len(line) <= _HEAD + _TAIL else f"{line[:_HEAD]} ... {line[-_TAIL:]}"
