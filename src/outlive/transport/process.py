"""Child processes, owned: started without a shell, always waited for, their complaints kept (bounded)."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO

from outlive.errors import CommandFailed
from outlive.transport.base import CHUNK_BYTES, STDERR_BYTES, Completed, show

Translate = Callable[[Completed], None]


def _no_translation(_: Completed) -> None:
    """The program's status is its own."""


def not_installed(program: str) -> CommandFailed:
    """What is raised for a program that is not there."""
    return CommandFailed(f"{program} is not installed here.", hint=f"Install {program} and try again.")


class Process:
    """A running child; `translate` may turn its end into one of our errors (ssh's 255)."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        shown: Sequence[str] | None = None,
        stdin: bool = False,
        env: dict[str, str] | None = None,
        translate: Translate = _no_translation,
        on_stderr: Callable[[bytes], None] | None = None,
    ) -> None:
        self.argv = tuple(shown or argv)
        self._translate = translate
        try:
            self._child = subprocess.Popen(
                list(argv),
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=env,
                bufsize=0,
                start_new_session=True,  # a Ctrl-C at the terminal reaches us; we end our children in order
            )
        except FileNotFoundError as error:
            raise not_installed(argv[0]) from error
        assert self._child.stdout and self._child.stderr
        self.stdin: IO[bytes] | None = self._child.stdin
        self.stdout: IO[bytes] = self._child.stdout
        self._tail: deque[bytes] = deque()
        self._drain = threading.Thread(target=self._read_stderr, args=(on_stderr,), daemon=True)
        self._drain.start()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self.stdin, self.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self._drain.join(timeout=5)

    @property
    def pid(self) -> int:
        return self._child.pid

    def chunks(self) -> Iterator[bytes]:
        while chunk := self.stdout.read(CHUNK_BYTES):
            yield chunk

    def ended(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._child.poll()

    def wait_quietly(self, timeout_seconds: float) -> None:
        """Gives it that long to end by itself."""
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout_seconds)

    def kill(self) -> None:
        """Ends the child when it still runs, with what it started itself, and reaps it."""
        _kill(self._child)
        self._child.wait()

    def wait(self, timeout_seconds: float | None = None) -> Completed:
        try:
            status = self._child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise CommandFailed(f"{show(self.argv)}: no end after {timeout_seconds:.0f} s, killed.") from None
        self._drain.join(timeout=5)
        completed = Completed(self.argv, status, b"", self.stderr_text)
        self._translate(completed)
        return completed

    @property
    def stderr_text(self) -> str:
        """The last 64 KiB of what it complained."""
        return b"".join(self._tail).decode("utf-8", "replace")

    def _read_stderr(self, on_stderr: Callable[[bytes], None] | None) -> None:
        assert self._child.stderr
        kept = 0
        with self._child.stderr as pipe:
            while chunk := pipe.read(8192):
                if on_stderr:
                    on_stderr(chunk)
                self._tail.append(chunk)
                kept += len(chunk)
                while kept > STDERR_BYTES and len(self._tail) > 1:
                    kept -= len(self._tail.popleft())


def run(
    argv: Sequence[str],
    *,
    shown: Sequence[str] | None = None,
    stdin: bytes | None = None,
    timeout_seconds: float = 60,
    env: dict[str, str] | None = None,
    translate: Translate = _no_translation,
) -> Completed:
    """Runs to the end. Raises `CommandFailed` when the program is not there or does not end in time."""
    try:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise not_installed(argv[0]) from error
    with child:
        try:
            out, complaints = child.communicate(stdin, timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise CommandFailed(f"{show(shown or argv)}: no end after {timeout_seconds:.0f} s, killed.") from error
        finally:
            _end(child)
    stderr = complaints[-STDERR_BYTES:].decode("utf-8", "replace")
    completed = Completed(tuple(shown or argv), child.returncode, out, stderr)
    translate(completed)
    return completed


def _end(child: subprocess.Popen[bytes]) -> None:
    """Nothing, when it has ended. After a time-out or an interruption: it is killed with all that it started, and the end
    of its pipes awaited, so that nobody of them still writes into a folder that is being removed."""
    if child.poll() is None:
        _kill(child)
        with suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=5)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """It leads a group of its own, which holds what it started; not where that runs as somebody else."""
    if child.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.kill()
