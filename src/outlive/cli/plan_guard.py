"""`outlive plan-guard`: refuses OpenTofu and Terraform plans that would lose data. Needs no configuration and no network,
unless a target is named: then the gate decides (`plan_gate.py`)."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.commands.tofu import Plan, read_plan
from outlive.errors import NoData, UsageError
from outlive.recovery.known import WAIVABLE
from outlive.recovery.plan_guard import Gate, Reason, guard

REFUSED = 4


@app.command("plan-guard")
def plan_guard(
    plan: Annotated[Path, typer.Argument(help="What `tofu show -json PLANFILE` printed; - is standard input.")],
    workspace: Annotated[
        str | None, typer.Option(help="The selected workspace; else TF_WORKSPACE, else .terraform/environment.")
    ] = None,
    named: Annotated[
        str,
        typer.Option(
            metavar="ID,ADDRESS,HOSTNAME", help="What is meant to be destroyed: the gate decides, by a look now."
        ),
    ] = "",
    waive: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT=WHY", help=f"With --named: give up in writing ({', '.join(WAIVABLE)})."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Refuse plans that delete, replace or reinstall what holds data. Exit 4: do not apply; 3: it could not be read."""
    output = Output(as_json)
    read = _read(plan)
    if waive and not named:
        raise UsageError("--waive wants --named.", hint="Name the target by id, address and hostname.")
    with _gate(config, named, waive or []) as gate:
        reasons = guard(read, workspace or _workspace(plan), gate)
    if read.is_errored and not reasons:
        raise NoData("planning broke off, so the plan does not show everything.", hint="Mend it and plan again.")
    output.document({"refused": bool(reasons), "reasons": [asdict(reason) for reason in reasons]})
    _tell(read, reasons, output, named)
    return REFUSED if reasons else 0


def _gate(config: Path | None, named: str, waive: list[str]) -> AbstractContextManager[Gate | None]:
    if not named:
        return nullcontext()
    from outlive.cli.plan_gate import gate_of  # looking at hosts is loaded only where somebody is asked

    return gate_of(config, named, waive)


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


def _tell(plan: Plan, reasons: tuple[Reason, ...], output: Output, named: str) -> None:
    if not reasons:
        but = f", but for {named}, for which the gate is open" if named else ""
        output.console.print(
            f"{len(plan.changes)} resources looked at: nothing that holds data is deleted, replaced or reinstalled{but}."
        )
        output.console.print("  A plan cannot see a wiped disk or another machine: `outlive check` can.")
        return
    output.console.print(f"REFUSED: do not apply this plan ({len(reasons)}).")
    for reason in reasons:
        output.console.print(f"  {reason.address}: {reason.action}")
        output.console.print(f"    {reason.why}")
        output.console.print(f"    cure: {reason.cure}")
