"""`outlive verify`: re-reads bytes against the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from outlive import wiring
from outlive.backup import catalog
from outlive.backup.verify import verify as verify_copy
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.pick import newest
from outlive.cli.several import Tally
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.model.copy import Copy

IdentityOption = Annotated[Path | None, typer.Option("--identity", help="A private key; else the drill key.")]


@app.command()
def verify(
    what: Annotated[str | None, typer.Argument(help="A copy's id or an asset; every asset's newest copy else.")] = None,
    identity: IdentityOption = None,
    bytes_only: Annotated[bool, typer.Option(help="Only compare bytes; open nothing, no key needed.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Read a copy again, byte by byte, and open it to its end."""
    settings = load(config)
    clock = SystemClock()
    vault = wiring.vault(settings, clock)
    keys = () if bytes_only else wiring.identities(settings, identity)
    output = Output(as_json)
    tally = Tally()
    results = []

    def one(copy: Copy) -> None:
        record = verify_copy(vault, copy, keys, now=clock.now())
        results.append(
            {
                "copy": copy.id,
                "asset": copy.manifest.asset,
                "ok": record.ok,
                "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in record.checks],
            }
        )
        output.console.print(f"{copy.manifest.asset}: copy {copy.id} is {'whole' if record.ok else 'DAMAGED'}")
        for check in record.checks:
            if not check.ok:
                output.console.print(f"  {check.name}: {check.detail}")
        tally.worsen(0 if record.ok else 1)

    names = [asset.name for asset in settings.assets]
    if what is not None and what not in names and what not in catalog.assets(vault):
        one(catalog.find(vault, what))
    else:
        wanted = [what] if what else names
        tally.each(wanted, str, lambda name: one(newest(vault, name)))
    output.document({"verified": results, "failed": tally.failed})
    return tally.exit_code
