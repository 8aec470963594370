"""Pouring a stream into a program's standard input, so that the first thing that went wrong is what is reported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from outlive.errors import OutliveError, RestoreFailed
from outlive.transport.base import Completed, Running, describe


def pour(chunks: Iterable[bytes], running: Running, what: str) -> Completed:
    """Feeds every chunk and waits. Raises the stream's own error when the stream breaks (the program is then killed, so
    that it cannot take a cut stream for a whole one), else `RestoreFailed` when the program does not end well."""
    assert running.stdin
    broken: OSError | None = None
    with running:
        try:
            for chunk in chunks:
                write_all(running.stdin, chunk)
        except BrokenPipeError as error:  # the program is gone; its status says why
            broken = error
        if broken is None:
            running.stdin.close()
        for _ in running.chunks():
            pass
        completed = running.wait(timeout_seconds=600)
    if completed.status != 0 or broken is not None:
        said = completed.stderr.strip().splitlines()[-3:]
        raise RestoreFailed(f"{what}: {describe(completed.status)}: {' | '.join(said)}") from broken
    return completed


def write_all(pipe: IO[bytes], chunk: bytes | memoryview) -> None:
    """The whole chunk: an unbuffered write may take only a part of it."""
    view = memoryview(chunk)
    while view:
        view = view[pipe.write(view) :]


def step(completed: Completed, what: str) -> Completed:
    """The program's answer, or `RestoreFailed` saying which step of a restore it was."""
    try:
        return completed.check(what)
    except OutliveError as error:
        raise RestoreFailed(str(error)) from error
