"""The machine or its data is an earlier state of itself: a snapshot was put back.

Everything identifies it as ours, and hours of writes are gone. Only what counts upwards gives it away: Postgres' position
in its log goes back on the same timeline, or our marker is an older one (research/watch.md 3.3 rule 8). A standby that takes
over begins a new timeline and may be a little behind; so does a recovery to a chosen moment. A timeline that rose is
therefore never called a roll-back here: somebody promoted that database.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.commands.postgres import lsn
from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.evidence import number
from outlive.verdict.finding import found, missing, seen
from outlive.verdict.likeness import Kind
from outlive.verdict.sight import HOST_KEY
from outlive.verdict.signs import MARKER, SYSTEM_ID, VOLUME_MARKER, marker_state

LSN, TIMELINE = "pg.lsn", "pg.timeline"


def rolled_back(case: Case) -> Verdict | None:
    if case.like.kind in (Kind.KEY_ONLY, Kind.NEW_DISK):
        return None
    markers = tuple(_markers(case))
    clusters = {cluster: back for cluster in _clusters(case) if (back := _went_back(case, cluster))}
    if not markers and not clusters:
        return None
    return found(
        case,
        Name.ROLLED_BACK,
        (*markers, *(one for back in clusters.values() for one in back), *seen(case.like.same_disk)),
        against=seen(one for one in case.like.changed if one.fact != HOST_KEY),
        missing=(*missing(case), *(line for cluster in clusters for line in _unknown(case, cluster))),
        advice=(
            "stop what writes there: every new write makes it harder to join the two histories",
            "find out who put a snapshot back, then bring the lost writes back from the log in the vault "
            "(`outlive restore --at TIME` into a new place)",
        ),
        forbidden=(
            f"do not prune copies of {case.host}, nor its log: they hold the writes that are gone from the machine",
            f"do not destroy or reinstall {case.host}: the machine is ours, and its present state is not yet saved",
        ),
        sure=bool(markers) or any(not _unknown(case, cluster) for cluster in clusters),
    )


def _markers(case: Case) -> Iterator[Observation]:
    for fact in (MARKER, VOLUME_MARKER):
        yield from (one for one in case.main.values(fact) if marker_state(one) == "old")


def _clusters(case: Case) -> Iterator[str]:
    return (which for fact, which in case.main.now if fact == LSN)


def _went_back(case: Case, cluster: str) -> tuple[Observation, ...]:
    """The highest position seen before and the lower one now, where no promotion explains it."""
    now = case.main.now[LSN, cluster]
    position = position_of(now.value)
    if position is None or _was_promoted(case, cluster):
        return ()
    before = [(known, one) for one in case.past.before(now) if (known := position_of(one.value)) is not None]
    highest = max(before, key=lambda pair: pair[0], default=None)
    if highest is not None and highest[0] > position:
        return highest[1], now
    pinned = [known for value in case.pins.known(LSN, cluster) if (known := position_of(value)) is not None]
    return (now,) if len(pinned) == 1 and pinned[0] > position and len(list(_clusters(case))) == 1 else ()


def _was_promoted(case: Case, cluster: str) -> bool:
    """Where no earlier timeline is known, any but the first may be a later one."""
    one = case.main.now.get((TIMELINE, cluster))
    now = number(one.value) if one else None
    if one is None or now is None:
        return False
    known = [value for before in case.past.before(one) if (value := number(before.value)) is not None]
    known += [value for pinned in case.pins.known(TIMELINE, cluster) if (value := number(pinned)) is not None]
    return now > max(known, default=1)


def _unknown(case: Case, cluster: str) -> tuple[str, ...]:
    """What was not asked together with the cluster's position: its timeline, without which it may be one that was promoted,
    and its identifier where that was known before, without which it may be another cluster."""
    known = (fact for fact in (SYSTEM_ID, TIMELINE) if fact == TIMELINE or case.was_known(fact, cluster))
    asked_at = case.main.now[LSN, cluster].at
    unasked = (fact for fact in known if not case.was_asked(fact, cluster, asked_at))
    return tuple(f"{fact} {cluster}".strip() + f" of {case.host}" for fact in unasked)


def position_of(value: object) -> int | None:
    try:
        return lsn(value) if isinstance(value, str) else None
    except ValueError:
        return None
