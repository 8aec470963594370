"""Recoveries and rehearsals: how far each step is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.model.recovery import What
from outlive.model.words import duration, moment
from outlive.web.views.words import BAD, GOOD, UNKNOWN, Document

WAITS = "waits"
_STATES = {What.DOING: UNKNOWN, What.DONE: GOOD, What.FAILED: BAD, What.UNDOING: UNKNOWN, What.UNDONE: WAITS} | {
    What.LEFT: BAD
}


@dataclass(frozen=True, slots=True)
class StepLine:
    """`mark` is the last that is known of it, `when` since when or how long it took."""

    name: str
    state: str
    mark: str
    when: str
    said: str


@dataclass(frozen=True, slots=True)
class RecoveryView:
    title: str
    id: str
    host: str
    state: str
    mark: str
    began: str
    by: str
    steps: tuple[StepLine, ...]
    said: tuple[str, ...]


def recovery_view(run: Document, now: datetime) -> RecoveryView:
    """One run, from its `steps` (their names) and its journal, `entries` in order."""
    entries = run["entries"]
    end = next((one for one in reversed(entries) if one["what"] == What.ENDED), None)
    state, mark = _end(run, end)
    words = [one for one in entries if not one["step"] or one["what"] in (What.APPROVED, What.WAIVED)]
    return RecoveryView(
        title=f"Rehearsal: {run['title']}" if run["rehearsal"] else run["title"],
        id=run["id"],
        host=run["host"],
        state=state,
        mark=mark,
        began=moment(run["began_at"]),
        by=run["by"],
        steps=tuple(_step(name, [one for one in entries if one["step"] == name], now, end) for name in run["steps"]),
        said=tuple(f"{moment(one['at'])}: {one['what']} by {one['by']}{_more(one)}" for one in words),
    )


def _end(run: Document, end: Document | None) -> tuple[str, str]:
    """Every rehearsal is taken down in the end; one that was whole before is good."""
    if end is None:
        return UNKNOWN, "UNDER WAY"
    was_whole = any(one["what"] == What.ENDED and one["said"] == "done" for one in run["entries"])
    if run["rehearsal"] and end["said"] in ("undone", "cleared"):
        if not was_whole and not any(one["what"] == What.FAILED for one in run["entries"]):
            return UNKNOWN, "CUT OFF, TAKEN DOWN"
        return (GOOD, "DONE, TAKEN DOWN") if was_whole else (BAD, "FAILED, TAKEN DOWN")
    return GOOD if end["said"] == "done" else BAD, str(end["said"]).upper() or "ENDED"


def _step(name: str, entries: Sequence[Document], now: datetime, end: Document | None) -> StepLine:
    last = next((one for one in reversed(entries) if one["what"] in _STATES), None)
    if last is None:
        return StepLine(name, WAITS, "NOT BEGUN" if end else "WAITS", "", "")
    begun = next((one for one in reversed(entries) if one["what"] == What.DOING), last)
    until = now if last["what"] in (What.DOING, What.UNDOING) and end is None else last["at"]
    lasted = duration(max(0.0, (until - begun["at"]).total_seconds()))
    when = f"{lasted}, from {moment(begun['at'])}"
    return StepLine(name, _STATES[last["what"]], str(last["what"]).upper(), when, last["said"])


def _more(one: Document) -> str:
    return f": {one['said']}" if one["said"] else ""
