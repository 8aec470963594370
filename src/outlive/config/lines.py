"""On which line of a TOML document a place is. PURE; the standard parser does not tell.

Exact for tables and keys. Inside a value that runs over several lines, the line on which the value begins.
"""

from __future__ import annotations

import re

from outlive.config.errors import Where

# Strings and comments, blanked before the lines are read, so that no bracket or `=` in them counts.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""' r"|'''.*?'''" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'" r"|#[^\n]*",
    re.DOTALL,
)
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\s-]+?)\s*\]\]?\s*$")
_KEY = re.compile(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=")


def locate(text: str, where: Where) -> int | None:
    """The line (from 1) of the place, else that of the nearest thing around it; None for the document as a whole."""
    lines = places(text)
    for length in range(len(where), 0, -1):
        if line := lines.get(where[:length]):
            return line
    return None


def places(text: str) -> dict[Where, int]:
    """The line of every table and key."""
    found: dict[Where, int] = {}
    counts: dict[Where, int] = {}
    table: Where = ()
    depth = 0
    for number, line in enumerate(_OPAQUE.sub(_blank, text).splitlines(), start=1):
        if depth == 0 and (header := _HEADER.match(line)):
            table = _table(header[2], counts, begins_item=header[1] == "[[")
            found.setdefault(table, number)
            found.setdefault(table[:-1] if isinstance(table[-1], int) else table, number)
            continue
        if depth == 0 and (key := _KEY.match(line)):
            found.setdefault((*table, *_steps(key[1])), number)
        depth += sum(line.count(opening) for opening in "[{") - sum(line.count(closing) for closing in "]}")
    return found


def _table(name: str, counts: dict[Where, int], *, begins_item: bool) -> Where:
    """The place that a header opens: below an array of tables, that of its newest item."""
    where: Where = ()
    steps = _steps(name)
    for position, step in enumerate(steps):
        where = (*where, step)
        if begins_item and position == len(steps) - 1:
            counts[where] = counts.get(where, 0) + 1
        if where in counts:
            where = (*where, counts[where] - 1)
    return where


def _steps(dotted: str) -> tuple[str, ...]:
    return tuple(step.strip() for step in dotted.split("."))


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")
