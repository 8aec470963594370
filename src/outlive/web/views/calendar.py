"""Ninety days at a glance: how a host was, and which copies there are of an asset. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from outlive.model.words import duration
from outlive.web.views.words import BAD, GOOD, UNKNOWN, Document, state_of

DAYS = 90
NOTHING = "nothing"  # nobody looked, nothing was copied
_DAY = timedelta(days=1)
TALL = 28
_HEIGHTS = {GOOD: 12, UNKNOWN: 20, BAD: TALL, NOTHING: 3, "stored": 10, "verified": 19, "restored": TALL}
_PROOFS = ("stored", "verified", "restored")


@dataclass(frozen=True, slots=True)
class Day:
    """`place` counts from the oldest, 0; `state` is a word of style, `said` the same for who reads."""

    place: int
    day: str
    state: str
    said: str


def host_days(changes: Iterable[Document], blind: Sequence[Document], at: datetime) -> tuple[Day, ...]:
    """How the verdicts were, a day each, from `changes` (`since`, `verdict`, `judged_at`). A day in which anything was wrong
    for a moment is a bad one; one in which for a moment nobody could see is unknown."""
    starts = _starts(at)
    lasted: list[dict[tuple[str, str], float]] = [{} for _ in starts]
    for one in _spells(changes, blind):
        for place in _places(one, starts[0]):
            end = min(one.until, starts[place] + _DAY, at)
            seconds = (end - max(one.since, starts[place])).total_seconds()
            if seconds > 0:
                key = (one.state, one.what)
                lasted[place][key] = lasted[place].get(key, 0.0) + seconds
    return tuple(_host_day(place, start, lasted[place]) for place, start in enumerate(starts))


def copy_days(copies: Sequence[Document], at: datetime) -> tuple[Day, ...]:
    """Which copies were taken on each day, and how well the best of them is proven."""
    by_day: dict[str, list[Document]] = {}
    for one in copies:
        by_day.setdefault(_name(one["data_until"]), []).append(one)
    return tuple(_copy_day(place, start, by_day.get(_name(start), [])) for place, start in enumerate(_starts(at)))


def bars(days: Sequence[Day]) -> list[tuple[str, str]]:
    """Each state with the path that draws its bars, 8 wide and at most `TALL` high: one path a state, because hundreds of
    them are on a page. The height says what the colour says."""
    found: dict[str, list[str]] = {}
    for one in days:
        height = _HEIGHTS[one.state]
        found.setdefault(one.state, []).append(f"M{one.place * 8} {TALL - height}h6v{height}h-6z")
    return [(state, "".join(paths)) for state, paths in found.items()]


def _starts(at: datetime) -> list[datetime]:
    today = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return [today - _DAY * back for back in reversed(range(DAYS))]


def _name(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class _Spell:
    since: datetime
    until: datetime
    state: str
    what: str


def _spells(changes: Iterable[Document], blind: Sequence[Document]) -> Iterator[_Spell]:
    ordered = sorted(changes, key=lambda one: one["since"])
    ends = [one["since"] for one in ordered[1:]]
    for number, one in enumerate(ordered):
        until = ends[number] if number < len(ends) else one["judged_at"]
        yield _Spell(one["since"], max(until, one["since"]), state_of(one["verdict"]), one["verdict"])
    for one in blind:
        yield _Spell(one["from"], one["to"], UNKNOWN, f"not seen ({one['why']})")


def _places(one: _Spell, first: datetime) -> range:
    """The days that it touches."""
    since, until = (one.since - first).days, (one.until - first).days
    return range(max(0, since), min(DAYS, until + 1))


def _host_day(place: int, start: datetime, lasted: dict[tuple[str, str], float]) -> Day:
    states = {state for state, _ in lasted}
    state = next((one for one in (BAD, UNKNOWN, GOOD) if one in states), NOTHING)
    found = [f"{what} for {duration(seconds)}" for (worst, what), seconds in lasted.items() if worst == state]
    said = "well" if state == GOOD else "; ".join(found) or "nobody looked"
    return Day(place, _name(start), state, said)


def _copy_day(place: int, start: datetime, copies: Sequence[Document]) -> Day:
    whole = [one for one in copies if not one.get("broken")]
    if not whole:
        return Day(place, _name(start), NOTHING, f"{len(copies)} broken" if copies else "no copy is kept")
    best = max((str(one["proof"]) for one in whole), key=_PROOFS.index)
    count = "1 copy" if len(whole) == 1 else f"{len(whole)} copies"
    return Day(place, _name(start), best, f"{count}, {best}")
