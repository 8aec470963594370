"""What to change after a possible compromise: the names of a stack's `.env`, in the order of work. Pure; values are never
looked at, let alone kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from outlive.leaks.rules import read

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)", re.DOTALL)
_USUAL = re.compile(r"[A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Rotation:
    """One name, what its secret is, and how it is changed."""

    name: str
    what: str
    how: str


def names(text: str) -> tuple[str, ...]:
    """The names that a `.env` sets, in its order. Lines within a quoted value (a key, say) are passed over, and so is what
    only looks like a name because it ends in "=": base64 does."""
    found: dict[str, None] = {}
    quote = ""
    for line in text.splitlines():
        if quote:
            quote = "" if _closes(line, quote) else quote
            continue
        assigned = _ASSIGNMENT.match(line)
        if assigned is None:
            continue
        name, value = assigned.groups()
        if not value.startswith("=") and (value or _USUAL.fullmatch(name)):
            found[name] = None
        if value[:1] in ("'", '"') and not _closes(value[1:], value[0]):
            quote = value[0]
    return tuple(found)


def checklist(names: Iterable[str]) -> Sequence[Rotation]:
    """Those that hold secrets by their name, most urgent first."""
    kinds = _kinds()
    found = []
    for name in names:
        upper = name.upper()
        order = next((order for order, (pattern, _, _) in enumerate(kinds) if pattern.fullmatch(upper)), None)
        if order is not None:
            found.append((order, Rotation(name, kinds[order][1], kinds[order][2])))
    return tuple(rotation for _, rotation in sorted(found, key=lambda one: one[0]))


def _closes(rest: str, quote: str) -> bool:
    return quote in rest.replace("\\" + quote, "")


@cache
def _kinds() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    return tuple((re.compile(kind["name"]), kind["what"], kind["how"]) for kind in read("rotation")["kind"])
