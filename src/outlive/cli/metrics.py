"""`outlive metrics`: what `status` knows, as gauges for people's own monitoring."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from outlive import wiring
from outlive.cli.app import ConfigOption, app
from outlive.cli.status_look import Looked
from outlive.cli.status_report import gather
from outlive.cli.status_words import document
from outlive.cli.voice import say
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import UsageError
from outlive.model.incident import Delivery
from outlive.monitoring.openmetrics import Told, render


@app.command()
def metrics(
    out: Annotated[
        Path | None,
        typer.Option(help="Write it there, whole or not at all: a .prom file of node_exporter's collector."),
    ] = None,
    config: ConfigOption = None,
) -> int:
    """Print gauges in OpenMetrics: loss, copies, drills, verdicts, the keeper. No host is asked."""
    settings = load(config)
    text = render(document(gather(settings, SystemClock(), Looked())), _told(settings))
    if out is None:
        say(text)
    else:
        _write(out, text)
    return 0


def _told(settings: Settings) -> Told:
    allowed = {one.name: one.max_age_seconds for one in settings.assets}
    if not wiring.has_store(settings):
        return Told(allowed_seconds=allowed)
    from outlive import wiring_state  # its database layer is loaded only where there is a database
    from outlive.state.telling import Telling

    store = wiring_state.store(settings)
    try:
        telling, beat = Telling(store), store.beat()
        latest = telling.latest(Delivery.SENT, Delivery.FAILED)
        wanted = {one.name for one in settings.alerts.channels}
        return Told(
            keeper_told_at=beat.told_at if beat else None,
            incidents_open=sum(one.ended_at is None for one in telling.incidents()),
            channels={name: one.state is Delivery.SENT for name, one in latest.items() if name in wanted},
            allowed_seconds=allowed,
        )
    finally:
        store.close()


def _write(out: Path, text: str) -> None:
    """Beside it, then renamed: whoever reads meanwhile sees the old one whole."""
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(out)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise UsageError(f"{out}: {error.strerror}.", hint="Name a file in a folder that can be written.") from error
