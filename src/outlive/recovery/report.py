"""What a run came to, in Markdown: from its journal alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from outlive.model.recovery import Entry, Recovery, What
from outlive.model.words import duration, moment
from outlive.recovery.destination import where


def report(recovery: Recovery, entries: Sequence[Entry]) -> str:
    """Loss and time as they were measured; what was said, by whom, when."""
    parts = [_head(recovery, entries), _missing(recovery, entries), _loss(recovery, entries), _schedules(entries)]
    parts += [_times(entries), _left(entries), _words(entries), _journal(entries)]
    return "\n".join(part for part in parts if part)


def seconds(entries: Sequence[Entry]) -> float | None:
    """From the beginning until users were served (the step that found `served_at`), or until the end; None before."""
    if not entries:
        return None
    served = [one.facts["served_at"] for one in entries if one.what is What.DONE and one.facts.get("served_at")]
    ends = [datetime.fromisoformat(served[0])] if served else [one.at for one in entries if one.what is What.ENDED]
    return (ends[0] - entries[0].at).total_seconds() if ends else None


def downtime(recovery: Recovery, entries: Sequence[Entry]) -> float | None:
    """From the first stop of what serves until users were served again; None when nothing was stopped, or not yet."""
    stops = {one["name"] for one in recovery.steps if one["args"]["kind"] == "stop"}
    began = next((one.at for one in entries if one.what is What.DOING and one.step in stops), None)
    served = [one.facts["served_at"] for one in entries if one.what is What.DONE and one.facts.get("served_at")]
    return (datetime.fromisoformat(served[0]) - began).total_seconds() if began and served else None


def _head(recovery: Recovery, entries: Sequence[Entry]) -> str:
    last = entries[-1] if entries else None
    state = last.said if last and last.what is What.ENDED else "not ended"
    state = _of_rehearsal(entries, state) if recovery.rehearsal else state
    took, is_told = seconds(entries), state.startswith("done") and bool(recovery.losses)
    served = f"\nUsers were served after {took:.0f} s." if took is not None and is_told else ""
    down = downtime(recovery, entries)
    served += f" Nobody was served for {down:.0f} s of them." if served and down is not None else ""
    kind = "Rehearsal" if recovery.rehearsal else "Recovery"
    return (
        f"# {kind} of {recovery.host}: {recovery.title}\n\n"
        f"Run `{recovery.id}`, begun {recovery.began_at:%Y-%m-%d %H:%M:%S}Z by {recovery.by}, "
        f"to {where(recovery, entries)}: {state}.{served}\n"
    )


def _of_rehearsal(entries: Sequence[Entry], state: str) -> str:
    """Each is taken down in the end; what it came to is what it was before."""
    if state not in ("undone", "cleared"):
        return state
    return f"{'done' if _was_whole(entries) else 'failed'}, and taken down again"


def _was_whole(entries: Sequence[Entry]) -> bool:
    return any(one.what is What.ENDED and one.said == "done" for one in entries)


def _missing(recovery: Recovery, entries: Sequence[Entry]) -> str:
    """What would not have been there on the bad day, and at which step it would have ended."""
    if not recovery.rehearsal:
        return ""
    reached = {one.facts["asset"] for one in entries if one.what is What.DONE and "until" in one.facts}
    gone = [one["asset"] for one in recovery.losses if one["everything"]]
    later = [
        one["asset"] for one in recovery.losses if one["asset"] not in (*reached, *gone) and one["kind"] != "temporal"
    ]
    lines = [f"- {name}: there is no copy of it" for name in gone]
    if not _was_whole(entries):
        lines += [f"- {name}: not brought back" for name in later]
        lines += [f"- it ended at {one.step!r}: {one.said}" for one in entries if one.what is What.FAILED][-1:]
    return "\n".join(["## What would have been missing\n", *(lines or ["Nothing."])]) + "\n"


def _loss(recovery: Recovery, entries: Sequence[Entry]) -> str:
    reached = {one.facts["asset"]: one.facts for one in entries if one.what is What.DONE and "until" in one.facts}
    if not recovery.losses:
        return ""
    lines = [
        "## What is there\n",
        "| asset | shown before | restored until | lost, at most | copy |",
        "|---|---|---|---|---|",
    ]
    for shown in recovery.losses:
        found = reached.get(shown["asset"], {})
        if shown["kind"] == "temporal" and not found:
            lines.append(
                f"| {shown['asset']} | {shown['until'] or 'nothing'} | with its database | see the schedules | |"
            )
            continue
        until = found.get("until")
        lost = "everything"
        if until:
            lost = (
                f"{duration(max(0.0, (recovery.began_at - datetime.fromisoformat(until)).total_seconds()))} of writes"
            )
        there = f"| {_moment(until) or 'not restored'} | {lost} | {found.get('copy', '')} |"
        lines.append(f"| {shown['asset']} | {_moment(shown['until']) or 'nothing'} {there}")
    lines.append(
        "\nThe loss is counted up to the beginning of the run; the old machine may still hold what is missing.\n"
    )
    return "\n".join(lines)


def _schedules(entries: Sequence[Entry]) -> str:
    """What Temporal said against what was exported of it."""
    told = {one.facts["schedules_of"]: one for one in entries if one.what is What.DONE and "schedules_of" in one.facts}
    lines = []
    for name, one in told.items():
        lines.append(f"{name}: {one.said}.\n")
        lines += [f"- {difference}" for difference in one.facts["differences"] or ()] + [""]
    return "\n".join(["## Temporal's schedules\n", *lines]) if lines else ""


def _times(entries: Sequence[Entry]) -> str:
    """Of each step its last attempt; of one that only looked, since the line before."""
    rows: dict[str, str] = {}
    began: dict[str, datetime] = {}
    before = entries[0].at if entries else None
    for entry in entries:
        if entry.what is What.DOING:
            began[entry.step] = entry.at
        if entry.what is What.DONE and (entry.step in began or entry.step not in rows):
            took = (entry.at - began.pop(entry.step, before or entry.at)).total_seconds()
            rows[entry.step] = f"| {entry.step} | {took:.1f} | {_cell(entry.said)} |"
        before = entry.at
    return "\n".join(["## How long it took\n", "| step | seconds | |", "|---|---|---|", *rows.values()]) + "\n"


def _left(entries: Sequence[Entry]) -> str:
    """What an undo left as it is, because a person said so."""
    left = [one for one in entries if one.what is What.LEFT]
    lines = [f"- {one.step}: {one.said} {one.facts.get('cure', '')}".rstrip() for one in left]
    return "\n".join(["## Left as it is\n", *lines]) + "\n" if lines else ""


def _words(entries: Sequence[Entry]) -> str:
    said = [one for one in entries if one.what in (What.WAIVED, What.APPROVED)]
    if not said:
        return ""
    lines = [
        f"- {one.at:%H:%M:%S}Z {one.by}, {one.what}{f' ({one.step})' if one.step else ''}: {one.said}" for one in said
    ]
    return "\n".join(["## Said in writing\n", *lines]) + "\n"


def _journal(entries: Sequence[Entry]) -> str:
    lines = [f"- {one.at:%Y-%m-%d %H:%M:%S}Z {one.what} {one.step} {_cell(one.said)}".rstrip() for one in entries]
    return "\n".join(["## Journal\n", *lines]) + "\n"


def _moment(text: str | None) -> str:
    return moment(datetime.fromisoformat(text)) if text else ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
