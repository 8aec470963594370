"""Pouring a stream into a program's standard input, so that the first thing that went wrong is what is reported."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable
from contextlib import suppress
from typing import IO

from outlive.errors import OutliveError, RestoreFailed
from outlive.transport.base import Completed, Running, describe

PIPE_BYTES = 256 << 10
END_SECONDS = 1800  # the last of the data may still be on its way to a slow disk


def feed(chunks: Iterable[bytes], running: Running) -> Completed:
    """Feeds every chunk and waits for the end. Raises the stream's own error when the stream breaks: the program is then
    killed, so that it cannot take a cut stream for a whole one. A program that stops reading says why by its status."""
    with running:
        assert running.stdin
        _widen(running.stdin)
        if _write_all(running.stdin, chunks):
            running.stdin.close()
        for _ in running.chunks():
            pass
        return running.wait(END_SECONDS)


def pour(chunks: Iterable[bytes], running: Running, what: str) -> Completed:
    """As `feed`. Raises `RestoreFailed` when the program does not end well."""
    completed = feed(chunks, running)
    if completed.status != 0:
        said = " | ".join(completed.stderr.strip().splitlines()[-3:])
        raise RestoreFailed(f"{what}: {describe(completed.status)}: {said}")
    return completed


def _write_all(pipe: IO[bytes], chunks: Iterable[bytes]) -> bool:
    """False when the program stopped reading. An unbuffered write may take only a part of a chunk."""
    for chunk in chunks:
        view = memoryview(chunk)
        while view:
            try:
                view = view[pipe.write(view) :]
            except BrokenPipeError:
                return False
    return True


def _widen(pipe: IO[bytes]) -> None:
    """A larger pipe, so that the two programs take turns less often. Linux only, and only a matter of speed."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # the user's pipes hold too much already, or it is no pipe
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def step(completed: Completed, what: str) -> Completed:
    """The program's answer, or `RestoreFailed` saying which step of a restore it was."""
    try:
        return completed.check(what)
    except OutliveError as error:
        raise RestoreFailed(error.detail) from error
