"""Child processes for looks: many at a time, none waited for longer than it may take, none left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress

from outlive.errors import CommandFailed
from outlive.transport.base import STDERR_BYTES, Completed, show
from outlive.transport.process import not_installed

MOST_BYTES = 1 << 20  # of an answer: who is asked may be anybody
_STDOUT, _STDERR = 1, 2


async def run(
    argv: Sequence[str],
    *,
    shown: Sequence[str] | None = None,
    timeout_seconds: float,
    most_bytes: int = MOST_BYTES,
) -> Completed:
    """Runs to the end and returns whatever status came. Raises `CommandFailed` when the program is not there, does not
    end in time or says too much; then, and when the task is cancelled, its whole process group is ended."""
    loop = asyncio.get_running_loop()
    heard = _Heard(loop.create_future(), most_bytes)
    try:
        nothing = asyncio.subprocess.DEVNULL
        transport, _ = await loop.subprocess_exec(lambda: heard, *argv, stdin=nothing, start_new_session=True)
    except FileNotFoundError as error:
        raise not_installed(argv[0]) from error
    try:
        async with asyncio.timeout(timeout_seconds):
            await heard.end
    except TimeoutError as error:
        raise CommandFailed(f"{show(shown or argv)}: no end after {timeout_seconds:.0f} s, killed.") from error
    except _TooMuch as error:
        raise CommandFailed(f"{show(shown or argv)}: it said more than {most_bytes} bytes, killed.") from error
    finally:
        status = transport.get_returncode()
        if status is None:
            with suppress(ProcessLookupError):
                os.killpg(transport.get_pid(), signal.SIGKILL)
        # Its pipes may be held by others (a shared SSH connection writes to them itself): they are not waited for.
        transport.close()
    assert status is not None
    tail = bytes(heard.said[_STDERR][-STDERR_BYTES:]).decode("utf-8", "replace")
    return Completed(tuple(shown or argv), status, bytes(heard.said[_STDOUT]), tail)


class _TooMuch(Exception):
    """The answer goes on and on."""


class _Heard(asyncio.SubprocessProtocol):
    """Collects what a child says. `end` is done when it has ended and everything was heard."""

    def __init__(self, end: asyncio.Future[None], most_bytes: int) -> None:
        self.end = end
        self.most_bytes = most_bytes
        self.said = {_STDOUT: bytearray(), _STDERR: bytearray()}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.said[fd] += data
        if len(self.said[fd]) > self.most_bytes and not self.end.done():
            self.end.set_exception(_TooMuch())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.end.done():
            self.end.set_result(None)
