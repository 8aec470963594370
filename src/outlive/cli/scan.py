"""`outlive scan`: looks for leaks and signs of compromise in log text."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from outlive.cli import scan_words
from outlive.cli.app import JsonOption, Output, app
from outlive.cli.scan_files import STDIN, chunks, expected_bytes
from outlive.cli.several import Tally
from outlive.cli.words import size
from outlive.clock import SystemClock
from outlive.errors import UsageError
from outlive.leaks import rotation, sieves
from outlive.leaks.finding import Severity
from outlive.leaks.scanner import Scanner

FOUND = 1
KEY_BYTES = 32

EnvOption = Annotated[
    Path | None,
    typer.Option(
        "--env-file", help="The stack's .env: its names make the list of what to rotate; values are not kept."
    ),
]


@app.command()
def scan(
    files: Annotated[list[str], typer.Argument(help="Log files, also .gz and .zst; - is standard input.")],
    env_file: EnvOption = None,
    as_json: JsonOption = False,
) -> int:
    """Look for leaks and signs of compromise in log text. Exit 1: something above info was found.

    No secret is shown or kept: a finding has its place and a fingerprint under a key that is drawn for this run.
    """
    if files.count(STDIN) > 1:
        raise UsageError("standard input can be read only once.", hint="Give - once.")
    names = None if env_file is None else _names(env_file)
    run, tally, started = _Run(Output(as_json)), Tally(), time.monotonic()
    tally.each(files, str, run.one)
    if any(finding.severity > Severity.INFO for _, finding in run.found):
        tally.worsen(FOUND)
    rotate = rotation.checklist(names or ()) if scan_words.is_compromise(run.found) else ()
    for line in scan_words.lines(run.found, rotate, env_given=names is not None):
        run.output.console.print(line)
    seconds = time.monotonic() - started
    unread = len(tally.failed)
    run.output.console.print(scan_words.summary(run.found, run.plain_bytes, seconds, unread=unread))
    failed = [{"file": failure.pop("asset"), **failure} for failure in tally.failed]
    document = scan_words.document(run.found, rotate, plain_bytes=run.plain_bytes, seconds=seconds)
    run.output.document({**document, "failed": failed})
    return tally.exit_code


def _names(env_file: Path) -> tuple[str, ...]:
    try:
        return rotation.names(env_file.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise UsageError(f"--env-file {env_file}: {error.strerror}.", hint="Give the stack's .env.") from error


@dataclass(slots=True)
class _Run:
    """All files of one call, under one key: what is the same in two files has the same fingerprint."""

    output: Output
    found: scan_words.Found = field(default_factory=list)
    plain_bytes: int = 0
    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)

    def one(self, file: str) -> None:
        """What was found before a file ended early is told all the same."""
        sieve = partial(sieves.best, expected_bytes=expected_bytes(file))
        scanner = Scanner(key=self.key, now=SystemClock().now(), sieve=sieve)
        try:
            self._read(file, scanner)
        finally:
            scanner.finish()
            self.plain_bytes += scanner.bytes
            self.found += [(file, finding) for finding in scanner.findings]

    def _read(self, file: str, scanner: Scanner) -> None:
        console = self.output.console
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(f"{file}: reading")
            for chunk in chunks(file):
                scanner.feed(chunk)
                progress.update(task, description=f"{file}: {size(scanner.bytes)} read")
