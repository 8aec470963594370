"""What `restore` and `drill` do for moments between copies: a physical base copy and the log after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any

from outlive.backup.copies import catalog
from outlive.backup.drill.drill_moment import DrilledTo, drill_to
from outlive.backup.drill.drill_plan import DrillPlan
from outlive.backup.drill.log_proof import record
from outlive.backup.log.windows import Window, random_moment
from outlive.backup.restore.recover_to import Recovered, restore_to, windows
from outlive.backup.restore.restore import RestorePlan
from outlive.backup.restore.target import DirectoryTarget, Target
from outlive.cli.app import Output
from outlive.cli.words import duration, moment
from outlive.errors import UsageError
from outlive.model.copy import Copy, ProofRecord
from outlive.vault.base import Vault

RANDOM = "random"


def parse_moment(text: str) -> datetime:
    """An RFC 3339 time; without an offset it is UTC. Raises `UsageError`."""
    try:
        asked = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a time.", hint="Write it as 2026-02-07T08:15:00Z.") from error
    return asked.replace(tzinfo=UTC) if asked.tzinfo is None else asked


def with_log(vault: Vault, copies: Sequence[Copy]) -> Window | None:
    """The window with the newest moment, when it has log after its base copy."""
    newest = max(windows(vault, copies), key=lambda one: (one.until, one.since), default=None)
    return newest if newest is not None and newest.stretches else None


def replays(target: Target, kind: str, at: datetime | None, log: Window | None) -> bool:
    """Whether a restore must replay log. Raises `UsageError` where a moment is asked for that this target cannot get."""
    if kind != "postgres" or (at is None and log is None):
        return False
    if isinstance(target, DirectoryTarget):
        return True
    if at is None:
        return False
    hint = "Name a directory on this machine; what is there then can be copied on, or dumped."
    raise UsageError("--at replays log, and that is done on this machine only.", hint=hint)


def restore_moment(vault: Vault, asset: str, target: Target, at: datetime | None, plan: RestorePlan) -> Recovered:
    """To `at`, or to the newest moment there is."""
    assert isinstance(target, DirectoryTarget)
    return restore_to(catalog.listing(vault, asset).copies, at, str(Path(target.path).absolute()), plan)


def tell_recovered(
    recovered: Recovered, asset: str, at: datetime | None, to: str, warnings: Sequence[str], output: Output
) -> None:
    window, reached = recovered.window, recovered.reached
    output.document(
        {
            "asset": asset,
            "copy": window.base.copy,
            "to": to,
            "target_time": at,
            "reached_time": at or window.until,
            "reached_lsn": str(reached).partition(",")[0],
            "last_commit": reached.last_commit,
            "doubt": reached.doubt or None,
            "seconds": recovered.seconds,
            "programs": recovered.programs,
            "next_steps": list(recovered.next_steps),
            "warnings": list(warnings),
        }
    )
    output.console.print(
        f"{asset}: restored to {to} in {duration(recovered.seconds)}, from copy {window.base.copy} and the log after it; "
        f"it is as it was at {moment(at or window.until)} ({reached})"
    )
    for warning in warnings:
        output.console.print(f"  AT RISK: {warning}")
    for line in recovered.next_steps:
        output.console.print(f"  next: {line}")


def not_replayed(log: Window) -> str:
    """What is left out when only the base copy goes to a target."""
    return (
        f"the vault has log up to {moment(log.until)}; it is not replayed into this target. "
        "Restore to a directory on this machine to get it."
    )


def drill_moment(vault: Vault, asset: str, at: str, plan: DrillPlan) -> tuple[datetime, DrilledTo, ProofRecord] | None:
    """A drill of a moment, or of a random one of the newest window; its outcome is noted in the vault. None when a random
    one is asked for and there is no log yet: then there is only the base copy to be drilled."""
    copies = catalog.listing(vault, asset).copies
    if at == RANDOM:
        log = with_log(vault, copies)
        if log is None:
            return None
        wanted = random_moment(log, SystemRandom())
    else:
        wanted = parse_moment(at)
    drilled = drill_to(copies, wanted, plan)
    return wanted, drilled, record(vault, asset, drilled, plan.clock.now())


def drilled_document(wanted: datetime, drilled: DrilledTo, proof: ProofRecord) -> dict[str, Any]:
    """As CONTRACT has it, and more."""
    reached = drilled.reached
    return {
        "asset": proof.asset,
        "copy": proof.copy,
        "ok": proof.ok,
        "target_time": wanted,
        "reached_time": wanted if reached and not reached.doubt else None,
        "reached_lsn": str(reached).partition(",")[0] if reached else None,
        "last_commit": reached.last_commit if reached else None,
        "rto_seconds": proof.rto_seconds,
        "programs": drilled.looked.programs,
        "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in proof.checks],
    }


def tell_drilled(wanted: datetime, drilled: DrilledTo, proof: ProofRecord, output: Output) -> None:
    took = f" in {duration(proof.rto_seconds)}" if proof.rto_seconds is not None else ""
    bad = (
        "this copy did not come back whole" if drilled.base_is_bad else "the log after this copy could not be replayed"
    )
    verdict = f"PROVEN, brought to {moment(wanted)}{took}" if proof.ok else f"RED: {bad}"
    output.console.print(f"{proof.asset}: copy {proof.copy}: {verdict}  ({drilled.looked.programs})")
    for check in proof.checks:
        mark = {True: "ok ", False: "BAD", None: " ? "}[check.ok]
        output.console.print(f"  {mark} {check.name}: {check.detail}")
