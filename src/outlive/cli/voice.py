"""Speaking without depending on being heard: a reader that goes away, or a full disk below a log, stops no backup."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar, TextIO


class Voice:
    """A stream for words. Nothing that happens to it is raised; `unheard` keeps the first thing that was more than a
    reader's leaving (`| head`), for the end."""

    unheard: ClassVar[OSError | None] = None

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        with self._tolerantly():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._tolerantly():
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @contextmanager
    def _tolerantly(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                Voice.unheard = Voice.unheard or error
            _silence(self._stream)


def say(text: str) -> None:
    """On stdout."""
    Voice(sys.stdout).write(text)


def complain(text: str) -> None:
    """On stderr, at once."""
    voice = Voice(sys.stderr)
    voice.write(text)
    voice.flush()


def _silence(stream: TextIO) -> None:
    """What is still buffered goes nowhere, or Python would try again at its end and complain."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
