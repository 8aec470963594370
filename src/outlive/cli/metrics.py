"""`outlive metrics`: what `status` knows, as gauges for people's own monitoring."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from outlive.cli.app import ConfigOption, app
from outlive.cli.status_look import Looked
from outlive.cli.status_report import Report, gather
from outlive.cli.status_words import document
from outlive.cli.voice import say
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError
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
    report = gather(settings, SystemClock(), Looked())
    text = gauges(report, document(report))
    if out is None:
        say(text)
    else:
        _write(out, text)
    return 0


def gauges(report: Report, told: Mapping[str, Any]) -> str:
    """In OpenMetrics; `told` is the report's document."""
    return render(told, _told(report))


def _told(report: Report) -> Told:
    known = report.remembered
    return Told(
        keeper_told_at=known.memory.told_at,
        incidents_open=len(known.incidents),
        channels=known.reaches,
        allowed_seconds={one.name: one.max_age_seconds for one in report.settings.assets},
    )


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
