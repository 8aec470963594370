"""`outlive vault check`: writes, reads, tries to delete; says who could destroy the copies."""

from __future__ import annotations

import typer

from outlive import wiring
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.vault.findings import State, VaultReport
from outlive.vault.probe import check_vault

EXIT = {State.OK: 0, State.BAD: 1, State.UNKNOWN: 3}

group = typer.Typer(help="The place where copies rest.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(group, name="vault")


@group.callback()
def vault() -> None:
    """The place where copies rest."""


@group.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> int:
    """Write, read, overwrite, list, copy and delete a canary; say what is at risk and how to mend it.

    Exit 0: all is well. 1: something is at risk. 3: something could not be told, or the vault not reached.
    """
    settings, clock, output = load(config), SystemClock(), Output(as_json)
    beside = {"the keeper's state": settings.keeper.state}
    report = check_vault(wiring.vault(settings, clock), clock, beside)
    output.document(
        {
            "vault": report.url,
            "at": clock.now(),
            "state": report.state.value,
            "findings": [
                {"name": one.name, "state": one.state.value, "sentence": one.sentence, "cure": one.cure}
                for one in report.findings
            ],
        }
    )
    if not as_json:
        _tell(report, output)
    return EXIT[report.state]


def _tell(report: VaultReport, output: Output) -> None:
    console = output.console
    console.print(report.url, markup=False)
    for one in report.findings:
        console.print(f"  {one.state.value:<8}{one.name}: {one.sentence}", markup=False)
        if one.cure:
            console.print(f"          cure: {one.cure}", markup=False)
