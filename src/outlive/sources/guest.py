"""A program of ours on a host: told again and again that we live, and ended so that it can undo what it did."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

from outlive.commands import around
from outlive.errors import NotPermitted, OutliveError, SourceFailed
from outlive.transport.base import AS_ROOT, Completed, Shell, describe

UNDO_SECONDS = 60.0

_TROUBLE = {
    around.SET_UP_FAILED: ("what had to be done before the copy failed", None),
    around.STOP_FAILED: ("the services could not be stopped (they were started again)", None),
    around.NOT_STARTED_AGAIN: (
        "the services that were stopped for the copy DO NOT RUN AGAIN",
        "Start them now on the host (`docker start`, `docker compose up -d`), then take the copy again.",
    ),
    around.AFTER_FAILED: ("the hook after the copy failed", "Look at the host; then take the copy again."),
    around.CUT: ("the keeper fell silent or the connection broke; what was stopped was started again", None),
}


class Guest:
    """A context manager around a running program.

    `undoes` says that it is a script of `commands.around`: on the way out it is then given time to undo what it did
    before it is killed.
    """

    def __init__(self, shell: Shell, argv: Sequence[str]) -> None:
        self.name = shell.name
        self._undoes = tuple(argv[:3]) == around.SUPERVISED
        self._running = shell.open(argv, stdin=True)
        self._at_end = False
        self._completed: Completed | None = None
        self._leaving = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Guest:
        self._heart.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._heart.join(timeout=5)
        try:
            if self._undoes and self._completed is None:
                self._let_it_undo()
        finally:
            self._running.__exit__()

    def chunks(self) -> Iterator[bytes]:
        yield from self._running.chunks()
        self._at_end = True

    def wait(self, timeout_seconds: float) -> Completed:
        self._completed = self._running.wait(timeout_seconds)
        return self._completed

    def check_failure(self) -> None:
        """Raises the program's own reason, when it has ended with one."""
        if self._at_end and self.wait(UNDO_SECONDS).status != 0:
            assert self._completed
            raise_trouble(self._completed, self.name)

    def _beat(self) -> None:
        assert self._running.stdin
        with suppress(OSError, ValueError):  # it has ended, or its pipe was closed
            self._running.stdin.write(around.BEAT)
            while not self._leaving.wait(around.BEAT_SECONDS):
                self._running.stdin.write(around.BEAT)

    def _let_it_undo(self) -> None:
        """The end of its input ends the script's work; what was still on its way is read and dropped, for a program
        that cannot print cannot end either."""
        assert self._running.stdin
        last_resort = threading.Timer(UNDO_SECONDS, self._running.__exit__)
        last_resort.start()
        with suppress(OSError, ValueError, OutliveError):
            self._running.stdin.close()
            for _ in self._running.chunks():
                pass
            self._running.wait(UNDO_SECONDS)
        last_resort.cancel()


def raise_trouble(completed: Completed, where: str) -> None:
    """Raises what a failed program of ours means."""
    lines = [line.strip() for line in completed.stderr.splitlines() if line.strip()]
    ours = [line.removeprefix("outlive: ") for line in lines if line.startswith("outlive: ")]
    said = " | ".join(ours[-2:] or lines[-4:]) or "it said nothing"
    what, hint = _TROUBLE.get(completed.status, (describe(completed.status), None))
    if "Permission denied" in said and completed.status not in _TROUBLE:
        raise NotPermitted(f"{where}: {said}", hint=AS_ROOT)
    raise SourceFailed(f"{where}: {what}: {said}", hint=hint)
