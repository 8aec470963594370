"""The `outlive` application that each command file adds itself to, and what all commands share."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

app = typer.Typer(
    name="outlive",
    help="Your data outlives your server: encrypted backups pulled off it, proven by drills, and a way back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration file; else ./outlive.toml, ~/.config/outlive/, /etc/outlive/."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; words go to stderr.")]


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command speaks: people's words to stdout, or, with `--json`, one document there and words to stderr."""

    as_json: bool

    @property
    def console(self) -> Console:
        """For people. Colour and movement only on a terminal that wants them (NO_COLOR, TERM=dumb, pipes)."""
        stream = sys.stderr if self.as_json else sys.stdout
        plain = bool(os.environ.get("NO_COLOR")) or not stream.isatty()
        return Console(file=stream, no_color=plain, highlight=False, soft_wrap=not stream.isatty())

    def document(self, value: dict[str, Any]) -> None:
        """The one JSON document; times as RFC 3339 in UTC."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, indent=1, default=_plain) + "\n")


def rfc3339(moment: datetime) -> str:
    """`2026-02-07T08:15:00.123Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON output")
