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


async def run(argv: Sequence[str], *, shown: Sequence[str] | None = None, timeout_seconds: float) -> Completed:
    """Runs to the end and returns whatever status came. Raises `CommandFailed` when the program is not there, does not
    end in time or says too much; then, and when the task is cancelled, its whole process group is ended."""
    pipe = asyncio.subprocess.PIPE
    try:
        child = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise not_installed(argv[0]) from error
    try:
        async with asyncio.timeout(timeout_seconds):
            stdout, stderr = await asyncio.gather(_read(child.stdout), _read(child.stderr))
            await child.wait()
    except TimeoutError as error:
        raise CommandFailed(f"{show(shown or argv)}: no end after {timeout_seconds:.0f} s, killed.") from error
    except asyncio.IncompleteReadError as error:
        raise CommandFailed(f"{show(shown or argv)}: it said more than {MOST_BYTES} bytes, killed.") from error
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
    assert child.returncode is not None
    tail = stderr[-STDERR_BYTES:].decode("utf-8", "replace")
    return Completed(tuple(shown or argv), child.returncode, stdout, tail)


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    """To its end. Raises `IncompleteReadError` when that is too far away."""
    assert stream is not None
    said = bytearray()
    while data := await stream.read(64 << 10):
        said += data
        if len(said) > MOST_BYTES:
            raise asyncio.IncompleteReadError(bytes(said[:0]), MOST_BYTES)
    return bytes(said)
