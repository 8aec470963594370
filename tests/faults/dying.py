"""Runs `outlive backup`, or another command, in children that kill themselves at a certain call of the vault.

    python -m tests.faults.dying CONFIG LOG

Each line of standard input is a number: at that call of the vault (counted from 0, whichever verb) the child sends itself
SIGKILL; -1 lets it live. After the number may stand the words of another command. What the child's vault did is in LOG, a
line a call; how it ended is printed, as by `os.wait`. Everything is loaded once: a child begins at once.
"""

from __future__ import annotations

import importlib
import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from outlive import wiring
from outlive.cli import main
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.vault.base import ObjectInfo, Vault

CALLS = itertools.count()  # of all vaults that a child opens


class DyingVault:
    """Passes every call on and writes it down; at call `last` the process dies before anything happens."""

    def __init__(self, inner: Vault, last: int, log: Path) -> None:
        self._inner = inner
        self._last = last
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    @property
    def url(self) -> str:
        return self._inner.url

    def put(self, key: str, data: bytes) -> None:
        self._meet()
        self._inner.put(key, data)
        self._note("put", key)

    def get(self, key: str) -> bytes:
        self._meet()
        return self._inner.get(key)

    def holds(self, key: str, data: bytes) -> bool:
        self._meet()
        same = self._inner.holds(key, data)
        self._note("holds", key)
        return same

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        self._meet()
        return self._inner.walk(prefix)

    def folders(self, prefix: str) -> list[str]:
        self._meet()
        return self._inner.folders(prefix)

    def copy(self, source: str, target: str) -> None:
        self._meet()
        self._inner.copy(source, target)
        self._note("copy", target)

    def delete(self, key: str) -> None:
        self._meet()
        self._inner.delete(key)
        self._note("delete", key)

    def _meet(self) -> None:
        if next(CALLS) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(self._log, b"called\n")

    def _note(self, verb: str, key: str) -> None:
        os.write(self._log, f"{verb} {key}\n".encode())


def child(config: str, log: Path, last: int, words: list[str]) -> int:
    """One command, with the vault of the configuration behind a dying one."""
    as_configured = wiring.vault

    def dying(settings: Settings, clock: Clock) -> Vault:
        return DyingVault(as_configured(settings, clock), last, log)

    wiring.vault = dying
    return main.run([*words, "--config", config])


def serve(config: str, log: Path) -> None:
    importlib.import_module("outlive.cli.backup")
    print("ready", flush=True)
    for line in sys.stdin:
        last, *words = line.split()
        log.write_text("")
        pid = os.fork()
        if pid == 0:
            os.dup2(2, 1)  # what is printed on stdout is for the tests
            os._exit(child(config, log, int(last), words or ["backup"]))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
