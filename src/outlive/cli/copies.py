"""`outlive copies`: lists copies with time, size, lineage, proof."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.table import Table

from outlive.backup.copies import acceptance, catalog
from outlive.backup.copies.chain import ancestors, by_id, saved_bytes
from outlive.backup.log.windows import Window
from outlive.backup.restore.recover_to import windows
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.from_vault import FromOption, Which, opened
from outlive.cli.window_words import window_document, window_line
from outlive.cli.words import moment, size
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError
from outlive.model.copy import Copy, Manifest
from outlive.vault.base import Vault


def copy_document(manifest: Manifest, proof: str) -> dict[str, Any]:
    """A copy as CONTRACT has it."""
    return {
        "id": manifest.id,
        "asset": manifest.asset,
        "kind": manifest.kind,
        "lineage": manifest.lineage,
        "started_at": manifest.started_at,
        "data_until": manifest.data_until,
        "finished_at": manifest.finished_at,
        "plain_bytes": manifest.plain_bytes,
        "stored_bytes": manifest.stored_bytes,
        "parts": sum(len(stream.parts) for stream in manifest.streams),
        "proof": proof,
        "parent": manifest.parent,
        "warnings": list(manifest.warnings),
    }


@app.command()
def copies(
    asset: Annotated[str | None, typer.Argument(help="Only this asset.")] = None,
    accept: Annotated[str | None, typer.Option(help="Accept a new lineage: it is meant to be another thing.")] = None,
    which: FromOption = Which.VAULT,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the copies in the vault, oldest first, with how well each is proven, and the windows that log opens. Exit 1
    when one cannot be read."""
    settings = load(config)
    clock = SystemClock()
    vault = opened(settings, clock, which)
    output = Output(as_json)
    known = sorted({found.name for found in settings.assets} | set(catalog.assets(vault)))
    if asset is not None and asset not in known:
        raise UsageError(f"No asset is named {asset!r}.", hint=f"Known are: {', '.join(known) or 'none'}.")
    listings = [catalog.listing(vault, name) for name in ([asset] if asset else known)]
    found = [copy for listing in listings for copy in listing.copies]
    unreadable = [one for listing in listings for one in listing.unreadable]
    reach = [window for listing in listings for window in windows(vault, listing.copies) if window.stretches]
    if accept is not None:
        _accept(vault, found, accept, clock, output)
    output.document(listed(vault, listings, reach))
    if not as_json:
        _table(found, reach, output)
    for broken in dict.fromkeys(copy.broken for copy in found if copy.broken):
        output.console.print(f"note: {broken}")
    for one in unreadable:
        output.console.print(f"AT RISK: {one}")
    return 1 if unreadable else 0


def listed(vault: Vault, listings: Sequence[catalog.Listing], reach: Sequence[Window] | None = None) -> dict[str, Any]:
    """As CONTRACT has it, and the windows (asked of the vault where they are not given) and what cannot be read."""
    found = [copy for listing in listings for copy in listing.copies]
    if reach is None:
        reach = [window for one in listings for window in windows(vault, one.copies) if window.stretches]
    return {
        "copies": [_document(copy, found) for copy in found],
        "windows": [
            {"asset": copy.manifest.asset, "lineage": copy.manifest.lineage, **window_document(window)}
            for copy in found
            for window in reach
            if window.base.copy == copy.id
        ],
        "unreadable": [
            {"key": one.key, "why": one.why} for one in (bad for each in listings for bad in each.unreadable)
        ],
    }


def _document(copy: Copy, found: Sequence[Copy]) -> dict[str, Any]:
    document = copy_document(copy.manifest, copy.proof)
    return document | {"saved_bytes": saved_bytes(copy.manifest, by_id(found)), "broken": copy.broken or None}


def _accept(vault: Vault, found: list[Copy], lineage: str, clock: SystemClock, output: Output) -> None:
    names = {copy.manifest.asset for copy in found if copy.manifest.lineage == lineage}
    if len(names) != 1:
        raise UsageError(f"No copy is of lineage {lineage!r}.", hint="`outlive copies` shows the lineages.")
    by = f"{getpass.getuser()}@{socket.gethostname()}"
    acceptance.accept(vault, acceptance.Acceptance(names.pop(), lineage, clock.now(), by))
    output.console.print(f"Lineage {lineage} is accepted; pruning of the earlier one goes on by the rules.")


def _table(found: list[Copy], reach: list[Window], output: Output) -> None:
    if not found:
        output.console.print("No copy yet. `outlive backup` takes the first ones.")
        return
    for (name, lineage), group in groupby(found, lambda copy: (copy.manifest.asset, copy.manifest.lineage)):
        output.console.print(f"{name} ({lineage})")
        table = Table(box=None, pad_edge=False)
        copies = list(group)
        saved = [_saved(copy.manifest, by_id(found)) for copy in copies]
        for column in ("  copy", "data until", "stored", *(["saved"] if any(saved) else []), "proof"):
            table.add_column(column, no_wrap=True, justify="right" if column in ("stored", "saved") else "left")
        for copy, spared in zip(copies, saved, strict=True):
            manifest = copy.manifest
            row = (f"  {copy.id}", moment(manifest.data_until), size(manifest.stored_bytes))
            table.add_row(*row, *([spared] if any(saved) else []), _proof(copy))
        output.console.print(table)
        for window in reach:
            if window.base.copy in {copy.id for copy in copies}:
                output.console.print(f"  {window_line(window)}")


def _proof(copy: Copy) -> str:
    if copy.broken:
        return "BROKEN"
    return "DAMAGED" if copy.is_damaged else str(copy.proof)


def _saved(manifest: Manifest, known: Mapping[str, Copy]) -> str:
    """`+3 1.2 GB`: the third copy after a full one, and how much less is stored; nothing where there is no full one."""
    earlier = ancestors(manifest, known)
    if not earlier or earlier[0].parent is not None:
        return ""
    return f"+{len(earlier)} {size(saved_bytes(manifest, known))}"
