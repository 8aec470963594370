"""`outlive mirror`: copies what the second vault lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from outlive import wiring
from outlive.backup.copies import catalog
from outlive.backup.copies.lock import only_one
from outlive.backup.upkeep.mirror import Mirrored
from outlive.backup.upkeep.mirror import mirror as copy_over
from outlive.backup.upkeep.mirror_standing import MirrorStanding
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.mirror_look import lost_words, standing_document, stands
from outlive.cli.several import Tally
from outlive.cli.words import size
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import KeysError, UsageError
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


@app.command("mirror")
def command(
    assets: Annotated[
        list[str] | None, typer.Argument(help="Assets; all that the vault has copies of if none.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Copy to the [mirror] what it lacks, checked on the way. Exit 1 when something in the vault is not fit to be copied."""
    settings, clock, output = load(config), SystemClock(), Output(as_json)
    target = wiring.mirror(settings, clock)
    source = wiring.vault(settings, clock)
    keys = _keys(settings)
    tally = Tally()
    results: list[dict[str, Any]] = []

    def one(asset: str) -> None:
        done = _run(source, target, asset, keys, output)
        wanted = settings.asset(asset)  # None: `outlive.toml` does not name it any more
        found = stands(wanted, source, target, clock.now()) if wanted else None
        results.append(_document(done, found))
        _tell(done, found, output)
        tally.worsen(1 if done.held_back else 0)

    with only_one(settings.keeper.state / "locks", "outlive mirror"):
        tally.each(_chosen(source, assets or []), str, one)
    output.document({"mirror": target.url, "at": clock.now(), "assets": results, "failed": tally.failed})
    return tally.exit_code


def _chosen(source: Vault, names: Sequence[str]) -> list[str]:
    known = catalog.assets(source)
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"The vault has no copy of {unknown[0]!r}.", hint=f"It has: {', '.join(known) or 'nothing'}.")
    return list(names) or known


def _keys(settings: Settings) -> Sequence[Identity]:
    """With the drill key log is opened before it is passed on; without one it is only compared."""
    try:
        return wiring.identities(settings, None)
    except KeysError:
        return ()


def _run(source: Vault, target: Vault, asset: str, keys: Sequence[Identity], output: Output) -> Mirrored:
    console = output.console
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"{asset}: comparing")
        seen = [0]

        def moved(stored: int) -> None:
            seen[0] += stored
            progress.update(task, description=f"{asset}: {size(seen[0])} in the mirror")

        return copy_over(source, target, asset, keys, moved)


def _document(done: Mirrored, found: MirrorStanding | None) -> dict[str, Any]:
    return {
        "copied": done.copies,
        "present": done.present,
        "objects": done.objects,
        "bytes": done.bytes,
        "held_back": [{"key": key, "why": why} for key, why in done.held_back],
        **(standing_document(found) if found else {"asset": done.asset}),
    }


def _tell(done: Mirrored, found: MirrorStanding | None, output: Output) -> None:
    lost = f"; with it alone, {lost_words(found.loss)} would be lost" if found else ""
    output.console.print(
        f"{done.asset}: {len(done.copies)} copies came to the mirror, {done.present} were there "
        f"({done.objects} objects, {size(done.bytes)}){lost}"
    )
    for key, why in done.held_back:
        output.console.print(f"  AT RISK, not copied: {key}: {why}")
