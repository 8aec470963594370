"""The door: runs the command and, in this one place, turns errors into words on stderr and exit codes."""

from __future__ import annotations

import importlib
import sys

import click
import typer

from outlive.cli.app import app
from outlive.errors import OutliveError

COMMANDS: tuple[str, ...] = ("demo", "backup", "copies", "verify", "drill", "restore")  # files here that add a command

INTERRUPTED = 130  # as shells report a program ended by SIGINT


def main() -> None:
    """Never returns: exits with the code of docs/reference/exit-codes.md."""
    sys.exit(run(sys.argv[1:]))


def run(argv: list[str]) -> int:
    """Runs one command and returns its exit code."""
    for name in COMMANDS:
        importlib.import_module(f"outlive.cli.{name}")
    try:
        answer = app(argv, standalone_mode=False)
    except OutliveError as error:
        sys.stderr.write(f"outlive: {error}\n  cure: {error.hint}\n")
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.exceptions.Abort, typer.Abort):
        sys.stderr.write("outlive: interrupted; nothing half-done is counted as done.\n")
        return INTERRUPTED
    return answer if isinstance(answer, int) else 0
