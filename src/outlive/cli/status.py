"""`outlive status`: what would be lost now, per asset, how well that is proven, and what nobody guards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live

from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.status_look import Looked, look_around
from outlive.cli.status_looking import Looking
from outlive.cli.status_report import report as make_report
from outlive.cli.status_words import document, words
from outlive.clock import Clock, SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import OutliveError, UsageError

LOOK_AGAIN_SECONDS = 60.0  # a look costs the hosts something; the vault and the keeper's memory are asked every time
WATCH_SECONDS = 2.0


@app.command()
def status(
    look: Annotated[bool, typer.Option("--look/--no-look", help="Also look at the hosts and the mirror.")] = True,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again every two seconds; Ctrl-C ends.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """What would be lost if a host vanished now, and how well the copies are proven. Exit 1 when anything is at risk."""
    settings, clock, output = load(config), SystemClock(), Output(as_json)
    if watch:
        if as_json or not output.console.is_terminal:
            raise UsageError("--watch needs a terminal.", hint="Without one, call `outlive status --json` as often.")
        return _watch(settings, clock, output, look)
    report = make_report(settings, clock, look_around(settings, clock) if look else None)
    output.document(document(report))
    if not as_json:
        for part in words(report, output.console.width):
            output.console.print(part)
    return report.exit_code


def _watch(settings: Settings, clock: Clock, output: Output, look: bool) -> int:
    """Until Ctrl-C; the exit code is that of what was shown last. Hosts and the mirror are looked at beside the rest, once
    a minute."""
    code = 3
    with ThreadPoolExecutor(1) as pool, Live(console=output.console, screen=True, auto_refresh=False) as live:
        looking = Looking(partial(look_around, settings, clock), clock.monotonic, pool, LOOK_AGAIN_SECONDS)
        try:
            while True:
                looked, why = (looking(), "being looked at") if look else (None, "--no-look")
                code = _show(settings, clock, output, looked, why, live)
                clock.sleep(WATCH_SECONDS)
        except KeyboardInterrupt:
            return code


def _show(settings: Settings, clock: Clock, output: Output, looked: Looked | None, why: str, live: Live) -> int:
    """A vault that is away for a moment does not end the watching: it is shown."""
    try:
        report = make_report(settings, clock, looked, why)
    except OutliveError as error:
        live.update(f"{error}\ncure: {error.hint}", refresh=True)
        return error.exit_code
    live.update(Group(*words(report, output.console.width)), refresh=True)
    return report.exit_code
