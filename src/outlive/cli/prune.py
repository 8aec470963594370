"""`outlive prune`: what retention lets go, why, and with --yes the deleting."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from outlive.backup.copies import catalog
from outlive.backup.upkeep.log_retention import LogDecision
from outlive.backup.upkeep.prune import Plan, Pruned, plan, prune
from outlive.backup.upkeep.retention import Policy
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.from_vault import FromOption, Which, opened
from outlive.cli.words import moment, size
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import OutliveError, UsageError
from outlive.vault.base import Vault

Outcome = tuple[Plan, Pruned | None] | OutliveError

AT_RISK = 1


@app.command("prune")
def command(
    assets: Annotated[
        list[str] | None, typer.Argument(help="Assets; all that the vault has copies of if none.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete. Without it, only what would go is shown.")] = False,
    forget: Annotated[
        list[str] | None, typer.Option("--forget", help="Give up even the best copy of this old lineage.")
    ] = None,
    which: FromOption = Which.VAULT,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Shows which copies and which log would go and why; with --yes, deletes them."""
    settings, clock, output = load(config), SystemClock(), Output(as_json)
    kept = settings.retention
    policy = Policy(last=kept.last, daily=kept.daily, weekly=kept.weekly, monthly=kept.monthly)
    vault = opened(settings, clock, which)
    outcomes: dict[str, Outcome] = {}
    for asset in _chosen(vault, assets or []):
        try:
            if yes:
                outcomes[asset] = prune(
                    vault, asset, policy, now=clock.now(), state=settings.keeper.state, forgotten=forget or []
                )
            else:
                outcomes[asset] = plan(vault, asset, policy, clock.now(), forgotten=forget or []), None
        except OutliveError as error:  # the other assets are looked at all the same
            outcomes[asset] = error
        _say(output, asset, outcomes[asset])
    output.document({"dry_run": not yes, "assets": [_as_json(asset, outcome) for asset, outcome in outcomes.items()]})
    return max((_code(outcome) for outcome in outcomes.values()), default=0)


def _chosen(vault: Vault, names: list[str]) -> list[str]:
    known = catalog.assets(vault)
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"the vault has no copy of {unknown[0]!r}.", hint=f"It has: {', '.join(known) or 'nothing'}.")
    return names or known


def _code(outcome: Outcome) -> int:
    if isinstance(outcome, OutliveError):
        return outcome.exit_code
    planned, done = outcome
    return AT_RISK if planned.alarms or planned.held_back or (done and done.refused) else 0


def _say(output: Output, asset: str, outcome: Outcome) -> None:
    console = output.console
    if isinstance(outcome, OutliveError):
        console.print(f"{asset}: nothing was pruned. {outcome}\n  cure: {outcome.hint}", markup=False)
        return
    planned, done = outcome
    console.print(f"{asset}: {len(planned.decisions)} copies, {len(planned.going)} to go", markup=False)
    for sentence in planned.frozen:
        console.print(f"  {sentence}", markup=False)
    for decision in planned.decisions:
        word = "keep" if decision.keep else "go"
        own = [reason for reason in decision.reasons if reason not in planned.frozen] or ["frozen"]
        console.print(f"  {word:<5}{decision.id}  {'; '.join(own)}", markup=False)
    for litter in planned.litter:
        console.print(f"  litter {litter.folder} ({litter.bytes} bytes): {litter.why}", markup=False)
    for log in planned.log:
        own = [reason for reason in log.reasons if reason not in planned.frozen] or ["frozen"]
        count = f"{len(log.branch.objects)} objects, {len(log.going)} to go ({size(log.going_bytes)})"
        console.print(f"  log of {_branch(log)}: {count}: {'; '.join(own)}", markup=False)
    if done is None:
        if planned.going or planned.litter or any(log.going for log in planned.log):
            console.print("  Nothing was deleted. `outlive prune --yes` deletes.", markup=False)
        return
    gone = f"{len(done.deleted)} copies and {done.log_objects} objects of log"
    console.print(f"  deleted {gone}, {done.freed_bytes} bytes freed", markup=False)
    for folder, until in done.locked.items():
        console.print(f"  kept by lock until {until:%Y-%m-%d}, as old versions: {folder}", markup=False)
    for key, why in done.refused:
        console.print(f"  refused by the vault, left as it is: {key} ({why})", markup=False)


def _branch(log: LogDecision) -> str:
    began = log.branch.began
    return log.branch.lineage if began is None else f"{log.branch.lineage} since {moment(began)}"


def _as_json(asset: str, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, OutliveError):
        return {"asset": asset, "error": str(outcome), "cure": outcome.hint}
    planned, done = outcome
    document: dict[str, Any] = {
        "asset": asset,
        "frozen": list(planned.frozen),
        "held_back": planned.held_back,
        "decisions": [
            {"copy": decision.id, "keep": decision.keep, "reasons": list(decision.reasons)}
            for decision in planned.decisions
        ],
        "litter": [{"folder": one.folder, "bytes": one.bytes, "why": one.why} for one in planned.litter],
        "log": [
            {
                "lineage": one.branch.lineage,
                "since": one.branch.began,
                "objects": len(one.branch.objects),
                "going": len(one.going),
                "going_bytes": one.going_bytes,
                "reasons": list(one.reasons),
            }
            for one in planned.log
        ],
    }
    if done is not None:
        document |= {
            "deleted": done.deleted,
            "cleaned": done.cleaned,
            "log_objects": done.log_objects,
            "refused": [{"key": key, "why": why} for key, why in done.refused],
            "locked": [{"folder": folder, "until": until} for folder, until in done.locked.items()],
            "freed_bytes": done.freed_bytes,
        }
    return document
