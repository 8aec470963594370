"""`outlive rules`: alert rules and a dashboard for people's own monitoring."""

from __future__ import annotations

from importlib.resources import files

import typer

from outlive.cli.app import app
from outlive.cli.voice import say

group = typer.Typer(
    help="Alert rules and a dashboard for your own monitoring.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(group, name="rules")


@group.callback()
def rules() -> None:
    """Alert rules and a dashboard for your own monitoring."""


@group.command()
def prometheus() -> int:
    """Print rules for Prometheus: silence of the keeper, loss, drills, verdicts, probes, restarts, disks."""
    return _print("prometheus.yml")


@group.command()
def loki() -> int:
    """Print rules for Loki's ruler: silence, floods, only errors, want of memory, another boot or machine."""
    return _print("loki.yml")


@group.command()
def alloy() -> int:
    """Print a configuration for Grafana Alloy that puts machine and boot on every line."""
    return _print("config.alloy")


@group.command()
def grafana() -> int:
    """Print a dashboard for Grafana of the gauges of `outlive metrics`, as JSON to import."""
    return _print("grafana.json")


def _print(name: str) -> int:
    say((files("outlive.monitoring") / name).read_text(encoding="utf-8"))
    return 0
