"""A person's folder with an `outlive.toml`, keys, a vault and something to guard; and the commands run in it."""

from __future__ import annotations

import getpass
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyrage import x25519

from outlive.vault.local import LocalVault

IDS = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{10}")
VOLATILE = (
    (IDS, "COPY"),
    (re.compile(r"path-[0-9a-f]{16}"), "LINEAGE"),
    (re.compile(rf"\b{getpass.getuser()}@"), "USER@"),
    (re.compile(r"\b\d+(\.\d+)? ([kMG]?B|bytes)\b"), "SIZE"),
    (re.compile(r"before it about \d+|\d+ were written"), "SIZE"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\dZ| UTC)"), "MOMENT"),
    (re.compile(r"(127\.0\.0\.1[: ]+|port )\d{4,5}"), r"\1PORT"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "TIME"),
)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class Home:
    """`folder/outlive.toml` guards `folder/site` (a path on this machine) into `folder/vault`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "site"
        self.config = folder / "outlive.toml"
        self.keys = {name: x25519.Identity.generate() for name in ("drill", "recovery", "stranger")}
        folder.mkdir(parents=True, exist_ok=True)
        self.site.mkdir()
        (self.site / "index.html").write_text("hello")
        (self.site / "data.bin").write_bytes(bytes(range(256)) * 5000)
        for name, key in self.keys.items():
            path = folder / f"{name}.key"
            path.write_text(f"{key}\n")
            path.chmod(0o600)
        self.vault = LocalVault.create(folder / "vault")
        self.write()

    def write(
        self, assets: str | None = None, *, hosts: str = "", vault: str = 'url = "vault"', more: str = ""
    ) -> None:
        """Writes the configuration; by default with the one asset `site`."""
        recipients = [str(self.keys[name].to_public()) for name in ("drill", "recovery")]
        tables = [
            f"[vault]\n{vault}\n",
            f'[keys]\nrecipients = {json.dumps(recipients)}\ndrill_identity = "drill.key"\n',
            more,
            f'[[hosts]]\nname = "here"\naddress = "local"\ncontainers = false\n{hosts}',
            self.path_asset() if assets is None else assets,
        ]
        self.config.write_text("\n".join(tables))

    def path_asset(self, name: str = "site", path: Path | None = None) -> str:
        return f'[[assets]]\nname = "{name}"\nkind = "path"\nhost = "here"\npath = "{path or self.site}"\n'

    def argv(self, *words: str) -> list[str]:
        """The words of a call with `--config` put where the command takes it."""
        return [*words, "--config", str(self.config)]

    def spawn(self, *words: str, env: dict[str, str] | None = None, **settings: Any) -> subprocess.Popen[str]:
        """The command as a process of its own, without `--config`: it finds the file in its working directory."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(
            [sys.executable, "-m", "outlive", *words], cwd=self.folder, env=environment(env), **{**pipes, **settings}
        )

    def call(self, *words: str, env: dict[str, str] | None = None, **settings: Any) -> Done:
        """The same to its end."""
        process = self.spawn(*words, env=env, **settings)
        out, err = process.communicate(timeout=300)
        return Done(process.returncode, out or "", err or "")

    def shown(self, text: str) -> str:
        """What a person reads, without what differs from run to run."""
        text = text.replace(str(self.folder), "HOME")
        for pattern, word in VOLATILE:
            text = pattern.sub(word, text)
        return text


def environment(changes: dict[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would change how a command speaks."""
    unwanted = ("NO_COLOR", "FORCE_COLOR", "OUTLIVE_DEBUG", "COLUMNS", "TTY_COMPATIBLE")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, **(changes or {})}
