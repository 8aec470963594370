"""What `outlive recover` says: the plan, the end, and the document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from outlive.cli.app import Output
from outlive.cli.words import duration, moment
from outlive.model.observation import moment as parsed
from outlive.model.recovery import Entry, Recovery, What
from outlive.recovery import destination
from outlive.recovery.plan import Line
from outlive.recovery.report import seconds


def show_plan(recovery: Recovery, lines: Sequence[Line], output: Output, now: datetime) -> None:
    """As a diff: `+` is made, `~` is changed, `-` would be destroyed."""
    say = output.console.print
    kind = "Rehearsal of " if recovery.rehearsal else ""
    where = destination.where(recovery, ())
    to = "" if where == recovery.host else f" -> {where}"
    say(f"{kind}{recovery.title}: {recovery.host} ({recovery.former}){to}")
    if any(one["args"]["kind"] == "last-copy" for one in recovery.steps):
        say("What is in the vault now; a last copy is taken once nobody writes any more, so nothing is to be lost:")
    elif _moves(recovery):
        say("What is in the vault now, in case; it is the live database that moves:")
    elif _puts_on_volume(recovery):
        say("What is in the vault now, in case; it is the live data that goes to the volume:")
    elif recovery.losses:
        say("What will be there; whatever was written later is lost, unless the old machine still has it:")
    for one in recovery.losses:
        say(f"  {_loss(one, now)}")
    say("Steps:")
    for line in lines:
        say(f"  {line.sign} {line.step}: {line.text}{'  [wants an approval of its own]' if line.approval else ''}")
        for change in line.changes:
            say(f"      {change}")
    if not any(line.sign == "-" for line in lines):
        say("Nothing is destroyed. What is made on that machine is taken back by `outlive recover --undo`.")


def _loss(one: dict[str, Any], now: datetime) -> str:
    if one["everything"]:
        return f"{one['asset']} ({one['kind']}): NOTHING: there is no copy of it"
    until = parsed(one["until"])
    ago = duration(max(0.0, (now - until).total_seconds()))
    proof = "" if one["proof"] == "restored" else f"; never drilled, only {one['proof']}"
    return f"{one['asset']} ({one['kind']}): until {moment(until)}, {ago} ago, from copy {one['copy']}{proof}"


def tell_end(recovery: Recovery, entries: Sequence[Entry], report: Path, output: Output, end: str) -> None:
    say = output.console.print
    ended = next((one for one in reversed(entries) if one.what is What.ENDED), None)
    if ended is not None and ended.said == end == "done":
        took = f"; users were served after {duration(seconds(entries) or 0.0)}" if recovery.losses else ""
        say(f"Done{took}.")
        for entry in entries:
            if entry.what is What.DONE and entry.facts.get("old_machine"):
                say(f"  old machine: {entry.said}")
            if entry.what is What.DONE and "held_schedules_of" in entry.facts:
                say(f"  Temporal, {entry.facts['held_schedules_of']}: {entry.said}")
            if entry.what is What.DONE and "schedules_of" in entry.facts:
                say(f"  Temporal, {entry.facts['schedules_of']}: {entry.said}")
        if recovery.losses:
            say(_next(recovery, entries))
    say(f"Report: {report}")


def _next(recovery: Recovery, entries: Sequence[Entry]) -> str:
    where = destination.where(recovery, entries)
    if recovery.rehearsal:
        return f"  next: `outlive recover --rehearse --undo` takes the scratch stack on {where} down again."
    if _moves(recovery):
        return "  next: guard the new database, and keep the old one (docs/how-to/move-postgres.md); it is shut to writers."
    if _puts_on_volume(recovery):
        kept = next((str(one.facts["kept_at"]) for one in reversed(entries) if "kept_at" in one.facts), "its old place")
        return (
            f"  next: what was there before is kept at {kept}; remove it when all is well, for it is of no use later."
        )
    if any(one["args"]["kind"] == "restore-schedules" for one in recovery.steps):
        return "  next: look at it there; what was made waits paused: `outlive temporal release`. --undo goes back."
    if where == recovery.host:
        return "  next: what was there before lies below /var/lib/outlive/aside on the machine; remove it when all is well."
    kinds = {one["args"]["kind"] for one in recovery.steps}
    stays = where == recovery.former  # rebuilt in place
    left = [what for kind, what in (("dns", "DNS"), ("ci-secret", "deploys")) if kind not in kinds and not stays]
    lead = f"lead {' and '.join(left)} to {where}, and " if left else ""
    return f"  next: {lead}restart `outlive keep`, which then guards {where}."


def planned(recovery: Recovery, lines: Sequence[Line]) -> dict[str, Any]:
    """The document of a run that was not begun: each step with what it would do."""
    told = {one.step: {"sign": one.sign, "plan": one.text, "changes": list(one.changes)} for one in lines}
    found = document(recovery, [], "planned")
    return found | {"steps": [one | told[one["name"]] for one in found["steps"]]}


def _moves(recovery: Recovery) -> bool:
    return any(one["args"]["kind"] == "move-load" for one in recovery.steps)


def _puts_on_volume(recovery: Recovery) -> bool:
    return any(one["args"]["kind"] == "switch-to-volume" for one in recovery.steps)


def document(recovery: Recovery, entries: Sequence[Entry], state: str, report: Path | None = None) -> dict[str, Any]:
    """`state` is planned, done or undone."""
    done = {one.step: one for one in entries if one.what is What.DONE}
    steps = [one["name"] for one in recovery.steps]
    reached = {one.facts["asset"]: one.facts["until"] for one in done.values() if "until" in one.facts}
    return {
        "run": recovery.id,
        "host": recovery.host,
        "runbook": recovery.runbook,
        "to": destination.elsewhere(recovery, entries) or None,
        "rehearsal": recovery.rehearsal,
        "state": state,
        "seconds": seconds(entries) if state == "done" else None,
        "steps": [
            {"name": name, "done": name in done, "said": done[name].said if name in done else ""} for name in steps
        ],
        "losses": [one | {"restored_until": reached.get(one["asset"])} for one in recovery.losses],
        "report": str(report) if report else None,
    }
