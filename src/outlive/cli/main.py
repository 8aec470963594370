"""The door: runs the command and, in this one place, turns errors into words on stderr and exit codes."""

from __future__ import annotations

import importlib
import signal
import sys
from difflib import get_close_matches
from typing import Any, NoReturn

import typer

from outlive.cli.app import Output, app
from outlive.cli.bugs import Bug, as_error
from outlive.cli.overview import COMMANDS
from outlive.cli.voice import Voice, complain
from outlive.errors import OutliveError, UsageError

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
    before, Voice.unheard = Output.documents, None
    try:
        code = _run(argv)
        Voice(sys.stdout).flush()
        if Voice.unheard is not None:
            raise Voice.unheard
        return code
    except OutliveError as error:
        return _told(error, "--json" in argv and Output.documents == before)
    except KeyboardInterrupt:
        complain("outlive: interrupted; nothing half-done is counted as done.\n")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last door: whatever else comes is told without its insides
        return _told(as_error(error), "--json" in argv and Output.documents == before)


def _wanted(argv: list[str]) -> tuple[str, ...]:
    """The one command that is called, so that nothing else is loaded (time, memory); none of them for the help."""
    called = _called(argv)
    return (called,) if called in COMMANDS else ()


def _called(argv: list[str]) -> str:
    return next((word for word in argv if not word.startswith("-")), "")


def _run(argv: list[str]) -> int:
    for name in _wanted(argv):
        importlib.import_module(f"outlive.cli.{name.replace('-', '_')}")
    try:
        answer = app(argv, prog_name="outlive", standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except _ClickError as error:
        if not error.format_message() or type(error).__name__ == "NoArgsIsHelpError":
            error.show(file=sys.stdout)
            return 0
        raise UsageError(error.format_message(), hint=_help_of(error, _called(argv))) from error
    if answer == INTERRUPTED:  # some versions of Typer turn the interruption into this themselves
        raise KeyboardInterrupt
    return answer if isinstance(answer, int) else 0


def _help_of(error: Any, called: str) -> str:
    path = error.ctx.command_path if getattr(error, "ctx", None) else "outlive"
    near = [] if called in COMMANDS else get_close_matches(called, COMMANDS, 1)
    meant = f"Is `outlive {near[0]}` meant? " if near else ""
    return f"{meant}See `{path} --help`."


def _told(error: OutliveError, as_json: bool) -> int:
    complain(f"outlive: {error}\n  cure: {error.hint}\n")
    if isinstance(error, Bug):
        complain(error.traceback)
    if as_json:
        Output(True).document({"error": str(error), "cure": error.hint, "exit_code": error.exit_code})
        Voice(sys.stdout).flush()
    return error.exit_code


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
