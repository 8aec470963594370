"""A keeper's folder of its own in the lab, and `outlive` called there, and killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from outlive.lab.ground.process import wait_until
from outlive.lab.world import Lab
from outlive.vault.local import LocalVault
from outlive.wiring_recovery import shipped
from tests.world.biting import TOKEN, BitingApi
from tests.world.cloudflare import ZONE

TOKENS = ("PROVIDER_WRITE", "CLOUDFLARE_TOKEN", "GITHUB_TOKEN")


class Keeper:
    """A keeper's folder of its own: the lab's configuration and keys, an empty vault, another memory."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.folder = folder
        for name in ("outlive.toml", "identity", "known_hosts", "provider-token"):
            shutil.copy(lab.folder / name, folder / name)
        for name in ("keys", "ca"):
            shutil.copytree(lab.folder / name, folder / name)
        LocalVault.create(folder / "vault")

    def orders_at(self, provider: str, dns: str, github: str, record: str, key: int) -> Path:
        """The shipped runbook that orders a machine, filled in for these APIs; the provider is watched as well."""
        config = self.folder / "outlive.toml"
        config.write_text(re.sub(r'url = "http[^"]*"', f'url = "{provider}/v1"', config.read_text(), count=1))
        token = self.folder / "provider-token"
        token.write_text(TOKEN)
        text = shipped("lost-host-new-machine")
        values = {"provider": "cloud", "plan": "cloud_vps_1", "region": "eu_nord_1", "image": "debian_12_64bit"}
        values |= {"record": record, "zone_id": ZONE, "repo": "shop/web"}
        for name, value in values.items():
            text = re.sub(rf'^{name} = "\?"', f'{name} = "{value}"', text, flags=re.MULTILINE)
        text = text.replace('ssh_keys = ["?"]', f'ssh_keys = ["{key}"]')
        for kind, url in (("dns", dns), ("ci-secret", github), ("ci-dispatch", github), ("ci-run", github)):
            text = text.replace(f'kind = "{kind}"', f'kind = "{kind}"\nurl = "{url}"')
        for kind in ("create-machine", "machine", "dns", "ci-dispatch", "ci-run", "quarantine"):
            text = text.replace(f'kind = "{kind}"', f'kind = "{kind}"\npause_seconds = 0.5')
        file = self.folder / "mine.toml"
        file.write_text(text)
        return file

    def start(self, *words: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        argv = [sys.executable, "-m", "outlive", *words]
        env = {**os.environ, **dict.fromkeys(TOKENS, TOKEN)}
        return subprocess.Popen(
            argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, env=env
        )

    def run(self, *words: str, code: int | None = 0) -> dict[str, Any]:
        """None: any failure."""
        process = self.start(*words, "--json")
        said, complained = process.communicate(timeout=600)
        is_right = process.returncode == code if code is not None else process.returncode not in (0, 1)
        assert is_right, f"{words}: {process.returncode}\n{said}\n{complained}"
        found: dict[str, Any] = json.loads(said)
        return found

    @contextmanager
    def keeping(self) -> Iterator[subprocess.Popen[bytes]]:
        """`outlive keep`, with its words into a file: nobody reads its pipe."""
        with (self.folder / "keep.log").open("w") as log:
            argv = [sys.executable, "-m", "outlive", "keep"]
            process = subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=log)
            try:
                yield process
            finally:
                process.terminate()
                process.wait(120)

    @contextmanager
    def without_vault(self) -> Iterator[None]:
        (self.folder / "vault").rename(self.folder / "away")
        try:
            yield
        finally:
            (self.folder / "away").rename(self.folder / "vault")

    def journal(self, what: str, step: str) -> int:
        """How often the journal says that of the step."""
        with closing(sqlite3.connect(f"file:{self.folder}/state/keeper.db?mode=ro", uri=True)) as memory:
            query = "select count(*) from recovery_journal where what = ? and step = ?"
            return int(memory.execute(query, (what, step)).fetchone()[0])

    def first_done(self, step: str) -> str:
        """When the step was done, UTC."""
        with closing(sqlite3.connect(f"file:{self.folder}/state/keeper.db?mode=ro", uri=True)) as memory:
            query = "select min(at) from recovery_journal where what = 'done' and step = ?"
            return str(memory.execute(query, (step,)).fetchone()[0])

    def die(self, words: tuple[str, ...], step: str, after_seconds: float) -> None:
        """Runs it, and kills it while it does that step, or soon after."""
        before = self.journal("doing", step)
        process = self.start(*words)
        wait_until(
            lambda: process.poll() is not None or self.journal("doing", step) > before,
            f"{step} to be done",
            seconds=300,
        )
        time.sleep(after_seconds)
        process.kill()
        process.communicate()
        assert process.returncode == -9, "it was still at work"

    def die_at(self, words: tuple[str, ...], api: BitingApi, method: str, path: str) -> None:
        """Runs it, and kills it when that request of it has had its effect: it never hears the answer."""
        process: list[subprocess.Popen[str]] = []
        started = threading.Event()

        def watch(number: int, when: str) -> None:
            asked, where = api.heard[number - 1]
            if when == "after" and asked == method and path in where:
                started.wait(30)
                process[0].kill()

        api.watch = watch
        try:
            process.append(self.start(*words))
            started.set()
            process[0].communicate(timeout=300)
        finally:
            api.watch = lambda number, when: None
        assert process[0].returncode == -9, "it was still at work"
