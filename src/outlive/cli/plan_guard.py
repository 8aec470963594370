"""`outlive plan-guard`: refuses OpenTofu and Terraform plans that would lose data. Needs no configuration and no network,
but with `--gate`."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.plan_gate import Judged, Said, judged
from outlive.clock import SystemClock
from outlive.commands.tofu import Plan, read_plan
from outlive.config.load import load
from outlive.errors import NoData, UsageError
from outlive.recovery.plan_guard import Reason, destroyed, guard

REFUSED = 4


@app.command("plan-guard")
def plan_guard(
    plan: Annotated[Path, typer.Argument(help="What `tofu show -json PLANFILE` printed; - is standard input.")],
    workspace: Annotated[
        str | None, typer.Option(help="The selected workspace; else TF_WORKSPACE, else .terraform/environment.")
    ] = None,
    with_gate: Annotated[
        bool,
        typer.Option("--gate", help="Look at what would be destroyed; let it through when all conditions are met."),
    ] = False,
    named: Annotated[
        str, typer.Option(metavar='"ID ADDRESS HOSTNAME"', help="With --gate: what you mean to destroy.")
    ] = "",
    may_lose: Annotated[str, typer.Option(metavar="1h", help="With --gate: how much a proven copy may lack.")] = "",
    accept_loss: Annotated[
        str, typer.Option(metavar="WHY", help="With --gate: the data is given up, in writing.")
    ] = "",
    waive_disk: Annotated[
        str, typer.Option(metavar="WHY", help="With --gate: the old disk is not kept, in writing.")
    ] = "",
    waive_order: Annotated[
        str, typer.Option(metavar="WHY", help="With --gate: nothing serves in its place yet, in writing.")
    ] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Refuse plans that delete, replace or reinstall what holds data. Exit 4: do not apply; 3: it could not be read."""
    output, said = Output(as_json), Said(named, may_lose, accept_loss, waive_disk, waive_order)
    if said != Said() and not with_gate:
        raise UsageError("What you say of the target is for the gate.", hint="Add --gate.")
    read = _read(plan)
    reasons = guard(read, workspace or _workspace(plan))
    if read.is_errored and not (reasons and not with_gate):
        raise NoData("planning broke off, so the plan does not show everything.", hint="Mend it and plan again.")
    before = judged(load(config), destroyed(read), said, SystemClock()) if with_gate and reasons else []
    let_through = {one.address for one in before if one.is_open}
    reasons = tuple(one for one in reasons if one.address not in let_through)
    document = {"refused": bool(reasons), "reasons": [asdict(reason) for reason in reasons]}
    output.document(document | ({"gate": [one.to_json() for one in before]} if with_gate else {}))
    _tell(read, reasons, output, let_through)
    _tell_gate(before, output)
    return REFUSED if reasons else 0


def _read(path: Path) -> Plan:
    try:
        document = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.", hint="`tofu show -json PLANFILE > plan.json`") from error
    try:
        return read_plan(document)
    except ValueError as error:
        raise NoData(
            f"{path}: {error}.", hint="Nothing is known of this plan, so do not apply it. Make the file anew."
        ) from error


def _workspace(plan: Path) -> str | None:
    """As OpenTofu itself decides it, in the folder that it was planned in."""
    if named := os.environ.get("TF_WORKSPACE"):
        return named
    try:
        return (plan.parent / ".terraform/environment").read_text().strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _tell_gate(before: list[Judged], output: Output) -> None:
    for one in before:
        host = f"guarded as {one.host}" if one.host else "no guarded host is known to be it: write its id as server_id"
        output.console.print(
            f"The gate before {one.address}, {one.target} ({host}): {'open' if one.is_open else 'SHUT'}"
        )
        for condition in one.conditions:
            output.console.print(f"  {'met' if condition.is_met else 'NOT'}  {condition.name}: {condition.why}")
            if not condition.is_met:
                output.console.print(f"       cure: {condition.cure}")


def _tell(plan: Plan, reasons: tuple[Reason, ...], output: Output, let_through: Collection[str] = ()) -> None:
    if not reasons and let_through:
        output.console.print(f"Let through by the gate, and it destroys: {', '.join(sorted(let_through))}.")
        return
    if not reasons:
        output.console.print(
            f"{len(plan.changes)} resources looked at: nothing that holds data is deleted, replaced or reinstalled."
        )
        output.console.print("  A plan cannot see a wiped disk or another machine: `outlive check` can.")
        return
    output.console.print(f"REFUSED: do not apply this plan ({len(reasons)}).")
    for reason in reasons:
        output.console.print(f"  {reason.address}: {reason.action}")
        output.console.print(f"    {reason.why}")
        output.console.print(f"    cure: {reason.cure}")
