"""`outlive verify`: re-reads bytes against the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from outlive import wiring
from outlive.backup.copies import catalog
from outlive.backup.drill.verify import verify as verify_copy
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.from_vault import FromOption, Which, opened
from outlive.cli.pick import Picked, newest
from outlive.cli.several import Tally
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.model.copy import ProofRecord

IdentityOption = Annotated[Path | None, typer.Option("--identity", help="A private key; else the drill key.")]


@app.command()
def verify(
    what: Annotated[str | None, typer.Argument(help="A copy's id or an asset; every asset's newest copy else.")] = None,
    identity: IdentityOption = None,
    bytes_only: Annotated[
        bool, typer.Option("--bytes-only", help="Only compare bytes; open nothing, no key needed.")
    ] = False,
    which: FromOption = Which.VAULT,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Read a copy again, byte by byte, and open it to its end. Exit 1 when it is damaged."""
    settings = load(config)
    clock = SystemClock()
    vault = opened(settings, clock, which)
    keys = () if bytes_only else wiring.identities(settings, identity)
    output = Output(as_json)
    tally = Tally()
    results: list[dict[str, Any]] = []

    def tell(record: ProofRecord) -> None:
        results.append(_document(record))
        output.console.print(f"{record.asset}: copy {record.copy} is {'whole' if record.ok else 'DAMAGED'}")
        for check in record.checks:
            if not check.ok:
                output.console.print(f"  {check.name}: {check.detail}")
        tally.worsen(0 if record.ok else 1)

    def one(picked: Picked) -> None:
        for warning in picked.warnings:
            output.console.print(f"AT RISK: {warning}")
            tally.worsen(1)
        verify_copy(vault, picked.copy, keys, now=clock.now(), tell=tell)

    names = [asset.name for asset in settings.assets]
    if what is not None and what not in names and what not in catalog.assets(vault):
        found = Picked(catalog.find(vault, what))
        tally.each([found], lambda picked: picked.copy.manifest.asset, one)
    else:
        tally.each([what] if what else names, str, lambda name: one(newest(vault, name)))
    output.document({"verified": results, "failed": tally.failed})
    return tally.exit_code


def _document(record: ProofRecord) -> dict[str, Any]:
    return {
        "copy": record.copy,
        "asset": record.asset,
        "ok": record.ok,
        "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in record.checks],
    }
