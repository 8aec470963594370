"""`outlive keep` beside a host that is enrolled, with a webhook."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from outlive.config.load import load
from outlive.lab.ground.process import end
from outlive.model.watching import Enrolment
from outlive.state.store import Store
from outlive.state.watching import Watching
from outlive.wiring import state_file
from outlive.wiring_state import sqlite
from tests.cli.home import environment
from tests.keeper.homes import home
from tests.world.sshd import SshServer

_MORE = """
[watch]
every_seconds = {every}
timeout_seconds = {timeout}
canaries = []
[[alerts.channels]]
name = "hook"
url = {{ env = "HOOK" }}
[[hosts]]
name = "web-1"
address = "ssh://web-1"
ssh_config = "{ssh}"
[[hosts.checks]]
url = "{page}"
timeout_seconds = {timeout}
"""


class Ours:
    """Running until `close`."""

    def __init__(self, folder: Path, page: str, hook: str, ssh: SshServer, *, every: int) -> None:
        more = _MORE.format(every=every, timeout=every - 1, ssh=ssh.config, page=page)
        config = home(folder / "home", more=more)
        (config.parent / "known_hosts").write_text(ssh.known_hosts.read_text())
        facts = {
            "ssh.host_key": ssh.host_key_fingerprint,
            "guest.machine_id": Path("/etc/machine-id").read_text().strip(),
            "address": [f"127.0.0.1:{ssh.port}"],
        }
        store = Store(sqlite(state_file(load(config))))
        Watching(store).enrol(Enrolment("web-1", datetime.now(UTC), "bench", "enrol", facts))
        store.close()
        self._log = (folder / "ours.log").open("wb")
        words = [sys.executable, "-m", "outlive", "keep", "--config", str(config)]
        self._keeper = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=environment({"HOOK": hook})
        )

    def close(self) -> None:
        end(self._keeper)
        self._log.close()
