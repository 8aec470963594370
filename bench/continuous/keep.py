"""Outlive as one would run it: `outlive keep` in a process of its own, an S3 vault that is 20 ms away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from bench.contenders import ROOT, write_keys
from bench.measure import Command
from outlive.backup.log.wal_names import read_stretch
from outlive.lab.ground.process import end, wait_until
from outlive.state.store import Store
from tests.world.flaky_http import FlakyProxy
from tests.world.postgres import PostgresServer
from tests.world.s3 import Rclone

LATENCY_SECONDS = 0.02
SEGMENT_BYTES = 16 << 20
FIRST_COPY_SECONDS = 900


class Keep:
    """One keeper with its own vault, slot, keys and memory."""

    def __init__(self, folder: Path, server: PostgresServer, ship_every: float) -> None:
        folder.mkdir()
        self.name = f"outlive, ship_every {ship_every:g} s"
        self._folder = folder
        self._asset = f"bench-{str(ship_every).replace('.', '-')}"
        self._ship_every = ship_every
        self._server = server
        self._log = folder / "keep.log"
        self._seen = 0
        self._position = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()

    def start(self) -> None:
        store = self._stack.enter_context(Rclone())
        self._proxy = self._stack.enter_context(FlakyProxy(store.endpoint, latency_seconds=LATENCY_SECONDS))
        self._env = {
            "PYTHONPATH": str(ROOT / "src"),
            "OUTLIVE_POSTGRES_DIR": str(self._server.bin("postgres").parents[2]),
            "BENCH_DSN": self._server.socket_dsn(),
            "BENCH_ACCESS_KEY": store.access_key,
            "BENCH_SECRET_KEY": store.secret_key,
        }
        keys = [str(key.to_public()) for key in write_keys(self._folder / "keys")]
        (self._folder / "keys").chmod(0o600)
        self._config.write_text(
            _CONFIG.format(
                bucket=store.bucket(),
                endpoint=self._proxy.endpoint,
                recipients=json.dumps(keys),
                every=self._ship_every,
                asset=self._asset,
            )
        )
        self._keep()
        wait_until(self._has_copy, f"the first copy of {self.name}", FIRST_COPY_SECONDS, every=0.1)

    def position(self) -> int:
        """From what the store has said yes to."""
        answered, self._seen = self._proxy.seen[self._seen :], len(self._proxy.seen)
        for one in answered:
            stretch = read_stretch(one.path, SEGMENT_BYTES) if "/wal/" in one.path else None
            if stretch is not None and one.method == "PUT" and one.outcome == "200":
                self._position = max(self._position, stretch.end)
        return self._position

    def pids(self) -> tuple[int, ...]:
        return (self._process.pid,) if self._process else ()

    def resume(self) -> None:
        """Nothing: it comes back by itself."""

    def restore(self, target: Path) -> Command:
        return self._command("restore", self._asset, "--to", str(target), "--identity", str(self._folder / "keys"))

    def recovery(self) -> Mapping[str, str]:
        """None: what it restores has the log in it."""
        return {}

    def until(self) -> datetime:
        """The keeper's last word: every commit before that moment is in the vault. From it `status` has the loss."""
        told = self._store.stream_rows()[self._asset].until
        assert told
        return told

    def status_until(self) -> datetime:
        """The same from `outlive status`: the moment that it shows minus the loss that it shows."""
        command = self._command("status", "--no-look", "--json")
        env = {**os.environ, **command.env}
        said = json.loads(subprocess.run(list(command.argv), env=env, capture_output=True, check=False).stdout)
        (asset,) = said["assets"]
        return datetime.fromisoformat(said["at"]) - timedelta(seconds=asset["loss"]["seconds"])

    def close(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None
        self._stack.close()

    @property
    def _config(self) -> Path:
        return self._folder / "outlive.toml"

    def _keep(self) -> None:
        command = self._command("keep")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                list(command.argv), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **command.env}
            )

    def _has_copy(self) -> bool:
        said = self._log.read_text()
        if f"ended backup {self._asset}: done" in said:
            self._store = Store(f"sqlite:///{self._folder / 'state' / 'keeper.db'}")
            return True
        assert self._process
        if "failed" in said or self._process.poll() is not None:
            raise RuntimeError(f"{self.name} took no copy:\n{said[-3000:]}")
        return False

    def _command(self, *words: str) -> Command:
        return Command((sys.executable, "-m", "outlive", *words, "--config", str(self._config)), self._env)


_CONFIG = """\
[vault]
url = "s3://{bucket}"
endpoint = "{endpoint}"
access_key = {{ env = "BENCH_ACCESS_KEY" }}
secret_key = {{ env = "BENCH_SECRET_KEY" }}
[keys]
recipients = {recipients}
[schedule]
ship_every_seconds = {every}
prune_every_seconds = 0
[[assets]]
name = "{asset}"
kind = "postgres"
dsn = {{ env = "BENCH_DSN" }}
"""
