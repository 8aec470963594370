"""The keeper's jobs as child processes. A process can be ended when it hangs, gives back all that it used, and dies with
the keeper: an orphan would go on copying beside the one that the next keeper starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from outlive.engine.port import Interrupted
from outlive.errors import Failed

GRACE_SECONDS = 75.0  # a job that stopped services for its copy may take a minute to start them again
DONE = (0, 1)  # 1: done, and something is at risk; `status` and the alarms tell
_SAID_LINES = 3

# prctl(2) PR_SET_PDEATHSIG: SIGTERM when the keeper's thread is gone, however it went. Nicer than the keeper itself: a
# drill must not keep log waiting. Then `outlive` as ever.
_PROGRAM = """\
import ctypes, os, runpy, signal, sys
parent = int(sys.argv.pop(1))
os.nice(10)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)
if os.getppid() != parent:
    sys.exit(1)
runpy.run_module("outlive", run_name="__main__", alter_sys=True)
"""


class StepEnded(Failed):
    """A job did not do what it should."""

    hint = "It is tried again when it is due next; `outlive status` shows what that means for the data."


class Children:
    """Runs `outlive` commands with one configuration. May be used by several threads."""

    def __init__(self, config: Path, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self._config = config
        self._grace = grace_seconds
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, argv: Sequence[str], timeout_seconds: float, good: Sequence[int] = DONE) -> dict[str, Any]:
        """`outlive ARGV --config CONFIG --json` to its end; its JSON and exit code. Raises `StepEnded` when its code is none
        of the `good` or it did not end in time (then its whole process group is ended), `Interrupted` after `end_all`."""
        shown = f"outlive {' '.join(argv)}"
        child = self._start((*argv, "--config", str(self._config), "--json"))
        try:
            stdout, stderr = child.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            _end(child, self._grace)
            _close_pipes(child)
            raise StepEnded(f"{shown}: no end after {timeout_seconds:.0f} s, ended.") from None
        finally:
            self._forget(child)
        if self._stopped and child.returncode not in good:
            raise Interrupted
        if child.returncode not in good:
            raise StepEnded(f"{shown}: exit {child.returncode}: {_said(stderr)}")
        return {"exit_code": child.returncode, "document": _document(stdout, shown)}

    def end_all(self) -> None:
        """Ends what runs, and begins nothing any more. Returns when all are gone."""
        with self._lock:
            self._stopped = True
            children = list(self._running)
        enders = [threading.Thread(target=_end, args=(child, self._grace)) for child in children]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()

    def _start(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-P", "-c", _PROGRAM, str(os.getpid()), *argv]
        pipe = subprocess.PIPE
        with self._lock:
            if self._stopped:
                raise Interrupted
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True)
            self._running.add(child)
        return child

    def _forget(self, child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            _end(child, 0)
        with self._lock:
            self._running.discard(child)


def _end(child: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """SIGTERM to the whole group, which cleans up after itself, then SIGKILL. What it started in sessions of their own
    (ssh, scripts on a host, a throwaway Postgres) ends and undoes by itself when its pipes close; that is not cut short."""
    _signal(child, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(grace_seconds)
    _signal(child, signal.SIGKILL)
    child.wait()


def _close_pipes(child: subprocess.Popen[bytes]) -> None:
    """Unread: something that has slipped away may hold the other ends open for ever."""
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the child's group: it leads one, and the group may outlive it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _said(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return " | ".join(lines[-_SAID_LINES:]) or "it said nothing"


def _document(stdout: bytes, shown: str) -> Any:
    try:
        return json.loads(stdout or b"{}")
    except ValueError as error:
        raise StepEnded(f"{shown}: it printed no JSON: {error}") from error
