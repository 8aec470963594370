"""Small helpers to run programs, wait for them and find free ports."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from outlive.lab.ground.cache import is_root
from outlive.lab.ground.missing import Missing, ProgramFailed, TookTooLong

# Postgres refuses to run as root; every Debian has this user and it owns nothing.
NOBODY = 65534


def run(
    command: Sequence[str | Path],
    *,
    input: bytes | None = None,
    timeout: float = 600,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    unprivileged: bool = False,
) -> str:
    """The program's stdout. A non-zero exit raises with the command and all it said, for a person to read."""
    who = as_nobody() if unprivileged else {}
    done: subprocess.CompletedProcess[bytes] = subprocess.run(
        [str(word) for word in command],
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        timeout=timeout,
        env=None if env is None else {**os.environ, **env},
        cwd="/" if unprivileged else cwd,  # the working directory may be closed to nobody
        **who,
    )
    if done.returncode != 0:
        words = " ".join(str(word) for word in command)
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise ProgramFailed(f"exit {done.returncode}: {words}\n{said[-4000:]}")
    return done.stdout.decode(errors="replace")


def as_nobody() -> dict[str, Any]:
    """Arguments for subprocess to drop root; nothing when we are not root already."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root() else {}


def give_to_nobody(path: Path) -> None:
    """Hands a file or a whole tree to the user that servers run as; nothing when we are not root."""
    if is_root():
        for entry in [path, *path.rglob("*")]:
            os.chown(entry, NOBODY, NOBODY, follow_symlinks=False)


def program(name: str, *, package: str, prefer: Sequence[str] = ()) -> str:
    """The path of a program; Missing, with the Debian package that has it, when it is not here."""
    for path in prefer:
        if os.access(path, os.X_OK):
            return path
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise Missing(f"program {name} is not here (Debian package {package})")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 30, every: float = 0.02) -> None:
    """Returns when `ready()` holds; TookTooLong naming `what` when it does not in time."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TookTooLong(f"{what}, within {seconds:g} s.")
        time.sleep(every)


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts TCP connections there."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, patience: float = 20) -> None:
    """Ends one process that we started, and waits for it; kills it when it takes too long."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
