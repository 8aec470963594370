"""The lab's own line to its provider: by the loopback, without token."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from outlive.lab.ground.process import answers, wait_until
from outlive.lab.provider.documents import Key, Server


def start(address: str, port: int, token_file: Path, ledger: Path) -> None:
    """As a process of its own, which writes itself into the ledger."""
    command = [sys.executable, "-m", "outlive.lab.provider.server", "--address", address, "--port", str(port)]
    command += ["--token-file", str(token_file), "--ledger", str(ledger)]
    with (ledger.parent / "provider.log").open("wb") as log:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True)
    wait_until(lambda: answers(port, address), "the provider to answer")


class Remote:
    """Tells the provider at that port what it knows, and how to misbehave."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/lab"

    def add(self, server: Server) -> None:
        """There is one more."""
        self._say("POST", "servers", asdict(server))

    def drop(self, server: int) -> None:
        self._say("DELETE", f"servers/{server}", None)

    def keys(self, keys: Sequence[Key]) -> None:
        self._say("PUT", "keys", [asdict(one) for one in keys])

    def change(self, server: int, **facts: Any) -> None:
        """Some of what it believes of one server."""
        self._say("PATCH", f"servers/{server}", facts)

    def credit(self, hours: int) -> None:
        self._say("PUT", "remaining_hours", hours)

    def stale(self, wanted: bool) -> None:
        """It goes on saying what it says now, whatever it is told."""
        self._say("PUT", "stale", wanted)

    def faults(self, *faults: dict[str, Any]) -> None:
        """Each as the fields of `faults.Fault`; none: it behaves again."""
        self._say("PUT", "faults", list(faults))

    def is_there(self) -> bool:
        try:
            self.requests()
        except OSError:
            return False
        return True

    def requests(self) -> list[str]:
        """What it was asked, oldest first."""
        asked: list[str] = self._say("GET", "requests", None)
        return asked

    def _say(self, method: str, path: str, body: Any) -> Any:
        request = urllib.request.Request(f"{self._base}/{path}", json.dumps(body).encode(), method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return json.load(answer)
