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
from outlive.recovery.plan import Line
from outlive.recovery.report import seconds


def show_plan(recovery: Recovery, lines: Sequence[Line], output: Output, now: datetime) -> None:
    """As a diff: `+` is made, `~` is changed, `-` would be destroyed."""
    say = output.console.print
    kind = "Rehearsal of " if recovery.rehearsal else ""
    say(f"{kind}{recovery.title}: {recovery.host} ({recovery.former}){f' -> {recovery.to}' if recovery.to else ''}")
    if any(one["args"]["kind"] == "last-copy" for one in recovery.steps):
        say("What is in the vault now; a last copy is taken once nobody writes any more, so nothing is to be lost:")
    elif _moves(recovery):
        say("What is in the vault now, in case; it is the live database that moves:")
    elif recovery.losses:
        say("What will be there; whatever was written later is lost, unless the old machine still has it:")
    for one in recovery.losses:
        say(f"  {_loss(one, now)}")
    say("Steps:")
    for line in lines:
        say(f"  {line.sign} {line.step}: {line.text}{'  [wants an approval of its own]' if line.approval else ''}")
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
        if recovery.losses:
            say(_next(recovery))
    say(f"Report: {report}")


def _next(recovery: Recovery) -> str:
    if recovery.rehearsal:
        return "  next: `outlive recover --undo` takes the scratch stack down again."
    if _moves(recovery):
        return "  next: guard the new database, and keep the old one (docs/how-to/move-postgres.md); it is shut to writers."
    if not recovery.to:
        return "  next: what was there before lies below /var/lib/outlive/aside on the machine; remove it when all is well."
    return "  next: lead DNS and deploys to the new machine, and restart `outlive keep`, which then guards it."


def _moves(recovery: Recovery) -> bool:
    return any(one["args"]["kind"] == "move-load" for one in recovery.steps)


def document(recovery: Recovery, entries: Sequence[Entry], state: str, report: Path | None = None) -> dict[str, Any]:
    """`state` is planned, done or undone."""
    done = {one.step: one for one in entries if one.what is What.DONE}
    steps = [one["name"] for one in recovery.steps]
    reached = {one.facts["asset"]: one.facts["until"] for one in done.values() if "until" in one.facts}
    return {
        "run": recovery.id,
        "host": recovery.host,
        "runbook": recovery.runbook,
        "to": recovery.to or None,
        "rehearsal": recovery.rehearsal,
        "state": state,
        "seconds": seconds(entries) if state == "done" else None,
        "steps": [
            {"name": name, "done": name in done, "said": done[name].said if name in done else ""} for name in steps
        ],
        "losses": [one | {"restored_until": reached.get(one["asset"])} for one in recovery.losses],
        "report": str(report) if report else None,
    }
