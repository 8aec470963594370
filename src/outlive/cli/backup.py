"""`outlive backup`: takes copies now."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from outlive import wiring
from outlive.backup.copies import catalog
from outlive.backup.copies.acceptance import accepted
from outlive.backup.copies.lineage import alarms
from outlive.backup.take import Taken, take
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.copies import copy_document
from outlive.cli.several import Tally
from outlive.cli.words import duration, size
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.model.asset import Asset


@app.command()
def backup(
    assets: Annotated[list[str] | None, typer.Argument(help="Assets to copy; all when none is named.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take copies now. A copy exists when its last byte is in the vault; until then earlier ones are all there is."""
    settings = load(config)
    output = Output(as_json)
    tally = Tally()
    copies = []

    def one(asset: Asset) -> None:
        taken = _take(settings, asset, output)
        copies.append(copy_document(taken.manifest, "stored"))
        tally.worsen(_alarmed(settings, asset, output))

    tally.each(wiring.chosen_assets(settings, assets or []), lambda asset: asset.name, one)
    output.document({"copies": copies, "failed": tally.failed})
    return tally.exit_code


def _take(settings: Settings, asset: Asset, output: Output) -> Taken:
    clock = SystemClock()
    console = output.console
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"{asset.name}: asking the source")
        seen = {"plain": 0, "stored": 0}

        def moved(plain: int, stored: int) -> None:
            seen["plain"] += plain
            seen["stored"] += stored
            progress.update(task, description=f"{asset.name}: {size(seen['plain'])} read, {size(seen['stored'])} sent")

        taken = take(
            asset,
            wiring.source(settings, asset, clock),
            wiring.vault(settings, clock),
            wiring.seal_policy(settings, moved),
            state=settings.keeper.state,
            clock=clock,
            keeper=wiring.keeper_files(settings),
        )
    _tell(taken, output)
    return taken


def _tell(taken: Taken, output: Output) -> None:
    manifest = taken.manifest
    seconds = (manifest.finished_at - manifest.started_at).total_seconds()
    reused = f", {taken.reused_parts} part(s) were already there" if taken.reused_parts else ""
    since = f", what changed since {manifest.parent}" if manifest.parent else ""
    output.console.print(
        f"{manifest.asset}: copy {manifest.id}{since}, {size(manifest.plain_bytes)} read, "
        f"{size(manifest.stored_bytes)} stored in {duration(seconds)}{reused}"
    )
    for warning in manifest.warnings:
        output.console.print(f"  note: {warning}")


def _alarmed(settings: Settings, asset: Asset, output: Output) -> int:
    """1 when what was copied is not what was copied before, or has collapsed: done, but something is at risk."""
    vault = wiring.vault(settings, SystemClock())
    listing = catalog.listing(vault, asset.name)
    found = [*alarms(listing.copies, accepted(vault, asset.name)), *listing.unreadable]
    for alarm in found:
        output.console.print(f"  ALARM {alarm}")
    return 1 if found else 0
