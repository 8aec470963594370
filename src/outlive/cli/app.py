"""The `outlive` application that each command file adds itself to, and what all commands share."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, TextIO, cast

import typer
from rich.console import Console

import outlive
from outlive.cli.overview import Overview
from outlive.cli.voice import Voice, say

app = typer.Typer(
    name="outlive",
    cls=Overview,
    help="Your data outlives your server: encrypted backups pulled off it, proven by drills, and a way back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DEBUG = "OUTLIVE_DEBUG"

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration file; else ./outlive.toml, ~/.config/outlive/, /etc/outlive/."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; words go to stderr.")]


def _version(wanted: bool) -> None:
    if wanted:
        say(f"outlive {outlive.__version__}\n")
        raise typer.Exit


def _debug(wanted: bool) -> None:
    if wanted:
        os.environ[DEBUG] = "1"


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", callback=_debug, help=f"Show tracebacks of bugs (or set {DEBUG}=1).")
    ] = False,
) -> None:
    """Your data outlives your server: encrypted backups pulled off it, proven by drills, and a way back."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command speaks: people's words to stdout, or, with `--json`, one document there and words to stderr."""

    as_json: bool
    documents: ClassVar[int] = 0  # how many this process has written; main.py sees to it that there is one

    @property
    def console(self) -> Console:
        """For people. Colour and movement only on a terminal that wants them (NO_COLOR, TERM=dumb, pipes); what is
        printed is never read as markup: paths and foreign messages hold brackets and colons."""
        stream = sys.stderr if self.as_json else sys.stdout
        terminal = stream.isatty()
        return Console(
            file=cast(TextIO, Voice(stream)),
            no_color=bool(os.environ.get("NO_COLOR")) or not terminal,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=not terminal,
            width=None if terminal else WIDE,
        )

    def document(self, value: dict[str, Any]) -> None:
        """The one JSON document; times as RFC 3339 in UTC."""
        if self.as_json:
            say(json.dumps(value, indent=1, default=_plain) + "\n")
            Output.documents += 1


WIDE = 500  # columns of a pipe: tables are not squeezed there


def rfc3339(moment: datetime) -> str:
    """`2026-02-07T08:15:00.123Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON output")
