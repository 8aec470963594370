"""What may be asked for, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.model.schedule import Outcome
from outlive.model.words import brief, duration, moment
from outlive.web.views.words import BAD, GOOD, UNKNOWN, Document


@dataclass(frozen=True, slots=True)
class Act:
    """`what` it would do is shown beside its button."""

    label: str
    what: str


ACTS = {
    "backup": Act("Back up now", "takes a copy and proves it by a drill; the host is read, nothing on it is replaced"),
    "drill": Act("Drill now", "restores the newest copy into a throwaway place and checks it; the host is not touched"),
    "verify": Act("Verify now", "re-reads the bytes of the copy looked at longest ago; nothing is changed"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """Something that was asked for, or is at work."""

    state: str
    said: str


def progress(
    asset: str,
    asked: str,
    since: datetime | None,
    running: Mapping[str, datetime],
    outcomes: Mapping[str, Outcome],
    now: datetime,
) -> tuple[Progress, ...]:
    """What is at work on an asset, and what becomes of an act that was `asked` for at `since` (empty and None: nobody
    did)."""
    at_work = {act: running[f"{act}:{asset}"] for act in (*ACTS, "restore") if f"{act}:{asset}" in running}
    lines = [Progress(UNKNOWN, f"At work: {act}, for {_lasted(began, now)}.") for act, began in at_work.items()]
    if asked not in ACTS or since is None or asked in at_work:
        return tuple(lines)
    ended = outcomes.get(f"{asked}:{asset}")
    if ended is None or ended.ended_at < since:
        return (*lines, Progress(UNKNOWN, f"Asked for: {asked}. The keeper begins it as soon as it may."))
    came = "done" if ended.ok else f"FAILED: {ended.said}"
    return (*lines, Progress(GOOD if ended.ok else BAD, f"{asked}, ended {moment(ended.ended_at)}: {came}"))


def last_runs(asset: str, outcomes: Mapping[str, Outcome], now: datetime) -> dict[str, str]:
    """How each act ended when it was done last."""
    found = {act: outcomes.get(f"{act}:{asset}") for act in ACTS}
    return {act: _ended(one, now) for act, one in found.items() if one is not None}


def restores(told: Sequence[Document], now: datetime) -> tuple[Progress, ...]:
    """The restores that were asked for here, newest first."""
    return tuple(_restores(told, now))


def _restores(told: Sequence[Document], now: datetime) -> Iterator[Progress]:
    for one in told:
        aim = f"to {one['to']}"
        match one["status"]:
            case "running":
                yield Progress(UNKNOWN, f"At work for {_lasted(one['at'], now)}, {aim}.")
            case "done":
                yield Progress(GOOD, f"{moment(one['at'])}: done, {aim}. {one['said']}".strip())
            case other:
                yield Progress(BAD, f"{moment(one['at'])}: {other.upper()}, {aim}. {one['said']}".strip())


def _ended(one: Outcome, now: datetime) -> str:
    ago = brief(max(0.0, (now - one.ended_at).total_seconds()))
    return f"last ended {ago} ago: {'done' if one.ok else 'FAILED'}"


def _lasted(began: datetime, now: datetime) -> str:
    return duration(max(0.0, (now - began).total_seconds()))
