"""A verdict and the address ledger as people read them, in 80 columns. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from outlive.cli.words import moment
from outlive.model.observation import Observation
from outlive.model.verdict import MEANING, Address, Name, Verdict
from outlive.verdict.words import sentence

COLUMNS = 80
_MOST = 8  # observations shown on one side; the document has all of them
_MOST_WELL = 3  # of a host of which nobody needs to be convinced

_ABOUT_OURSELVES = (Name.UNREACHABLE_UNPROVEN, Name.NO_DATA)


def told(one: Verdict) -> Iterator[str]:
    """The verdict, then for, against, missing, what to do and what not to do."""
    sure = "confirmed" if one.confirmed else "not confirmed"
    announced = ", as announced" if one.accepted else ""
    yield f"{one.host}: {one.name} ({sure}{announced})"
    yield from wrapped(_meaning(one), "  ")
    yield from observations(
        "for", one.in_favour, _MOST_WELL if one.confirmed and one.name is Name.SAME_MACHINE_OK else _MOST
    )
    yield from observations("against", one.against)
    yield from listed("missing", one.missing)
    yield from listed("do", one.advice)
    yield from listed("DO NOT", [without_do_not(line) for line in one.forbidden])


def _meaning(one: Verdict) -> str:
    said = MEANING[one.name]
    return said if one.confirmed or one.name in _ABOUT_OURSELVES else f"as far as is known, {said}"


def without_do_not(line: str) -> str:
    return line.removeprefix("do not ")


def observations(title: str, seen: Sequence[Observation], most: int = _MOST) -> Iterator[str]:
    """The first of them, and by whom the others are."""
    lines = [f"{moment(one.at)} {sentence(one)}" for one in seen[:most]]
    if left := seen[most:]:
        by = dict.fromkeys(one.witness.partition("@")[0].partition(" ")[0] for one in left)
        lines.append(f"and {len(left)} more, by {', '.join(by)}: --json shows all")
    yield from listed(title, lines)


def listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    """The title once, in a column of its own."""
    for index, line in enumerate(lines):
        yield from wrapped(line, f"  {'' if index else title:<8} ")


def wrapped(line: str, first: str) -> list[str]:
    hanging = " " * len(first)
    return textwrap.wrap(
        line, COLUMNS, initial_indent=first, subsequent_indent=hanging, break_on_hyphens=False, break_long_words=False
    )


def ledger(addresses: Sequence[Address]) -> Iterator[str]:
    """Who answers at each address, and who told us of it."""
    for one in addresses:
        answer = {None: "silent or not asked", "unknown": "answers, unknown as whom"}.get(
            one.answers_as, f"answers as {one.answers_as}"
        )
        tellers = "nobody told us of it" if one.told_by == ("asked",) else f"told by {', '.join(one.told_by)}"
        yield from wrapped(f"{answer} ({tellers})", f"  {one.address:<16} ")
