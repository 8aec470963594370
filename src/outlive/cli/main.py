"""The door: runs the command and, in this one place, turns errors into words on stderr and exit codes."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

import typer

from outlive.cli.app import Output, app
from outlive.cli.bugs import Bug, as_error
from outlive.errors import OutliveError, UsageError

# the files of this folder that add a command
COMMANDS: tuple[str, ...] = (
    "demo",
    "init",
    "keep",
    "backup",
    "copies",
    "verify",
    "drill",
    "restore",
    "status",
    "keys",
    "vault",
    "prune",
)

INTERRUPTED = 130  # as shells report a program ended by SIGINT

# Click's own errors, of whichever click Typer uses: newer ones bring their own.
_ClickError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def main() -> None:
    """Never returns: exits with the code of docs/reference/exit-codes.md."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)  # as Ctrl-C: what was started is ended, what was stopped runs again
    sys.exit(run(sys.argv[1:]))


def run(argv: list[str]) -> int:
    """Runs one command and returns its exit code. With `--json` there is one document on stdout, also on failure."""
    before = Output.documents
    try:
        return _flushed(_run(argv))
    except OutliveError as error:
        return _told(error, "--json" in argv and Output.documents == before)
    except KeyboardInterrupt:
        sys.stderr.write("outlive: interrupted; nothing half-done is counted as done.\n")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last door: whatever else comes is told without its insides
        return _told(as_error(error), "--json" in argv and Output.documents == before)


def _run(argv: list[str]) -> int:
    for name in COMMANDS:
        importlib.import_module(f"outlive.cli.{name}")
    try:
        answer = app(argv, standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except _ClickError as error:
        if not error.format_message() or type(error).__name__ == "NoArgsIsHelpError":
            error.show(file=sys.stdout)
            return 0
        raise UsageError(error.format_message(), hint=_help_of(error)) from error
    return answer if isinstance(answer, int) else 0


def _help_of(error: Any) -> str:
    path = error.ctx.command_path if getattr(error, "ctx", None) else "outlive"
    return f"See `{path} --help`."


def _told(error: OutliveError, as_json: bool) -> int:
    sys.stderr.write(f"outlive: {error}\n  cure: {error.hint}\n")
    if isinstance(error, Bug):
        sys.stderr.write(error.traceback)
    if as_json:
        Output(True).document({"error": str(error), "cure": error.hint, "exit_code": error.exit_code})
        with suppress(OSError):
            sys.stdout.flush()
    return error.exit_code


def _flushed(code: int) -> int:
    """What was written must have arrived: a full disk is an error, a reader that has gone (`| head`) is none."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
