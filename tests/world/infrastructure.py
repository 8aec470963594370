"""A small production made by the real OpenTofu or Terraform: one server in workspace `production`, through a provider in
Python, at our fake of CherryServers' API."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from outlive.lab.provider.api import Answer
from outlive.lab.provider.documents import Key, Knowledge
from tests.world import tofu
from tests.world.cloud import TOKEN, Cloud
from tests.world.cloud_changes import Changes

HERE = Path(__file__).parent / "infra"
FIRST_ID, FIRST_ADDRESS = 811287, "192.0.2.16"
SERVER = "cherryservers_server.server"
_PUBLIC, _CREATED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJJJ", "2026-02-06T11:34:24+00:00"
_PLACE = "example.test/tests/cherryservers/0.1.0/linux_amd64/terraform-provider-cherryservers_v0.1.0"


@dataclass(frozen=True, slots=True)
class Remote:
    """A backend that keeps the state elsewhere. `settings` go by `-backend-config`, `secrets` by the environment of whoever
    calls (the program does not bring them)."""

    kind: str
    settings: str
    secrets: dict[str, str]


class Infrastructure:
    """`folder` is the one to plan in, `program` is to be called there (it brings its environment along). What a test changes
    is put back by `restore`."""

    def __init__(self, folder: Path, program: tofu.Program, remote: Remote | None = None) -> None:
        self.remote = remote
        self.folder = folder / "infra"
        self.program = folder / "program"
        self.said = ""
        self.cloud = Cloud()
        self.changes = self.cloud.changes = Changes(FIRST_ID, [FIRST_ADDRESS, "192.0.2.17", "192.0.2.18"])
        self.cloud.provider.known.keys = [Key(one, f"key-{one}", _PUBLIC, _CREATED) for one in (13247, 17)]
        self._place(folder, program)

    @contextmanager
    def made_and_silent(self) -> Iterator[threading.Event]:
        """Within, the provider does what is asked (the event is set by then), and does not say so before the end."""
        done, go_on = threading.Event(), threading.Event()

        def slow(method: str, path: str, body: dict[str, Any], known: Knowledge) -> Answer:
            answer = self.changes(method, path, body, known)
            done.set()
            go_on.wait(120)
            return answer

        self.cloud.changes = slow
        try:
            yield done
        finally:
            go_on.set()
            self.cloud.changes = self.changes

    def __enter__(self) -> Infrastructure:
        self.cloud.__enter__()
        if self.remote:
            (self.folder / "backend.tf").write_text(f'terraform {{\n  backend "{self.remote.kind}" {{}}\n}}\n')
            (self.folder / "team.tfbackend").write_text(self.remote.settings)
        self.run("init", *(["-backend-config=team.tfbackend"] if self.remote else []))
        self.run("workspace", "new", "production")
        self.run("apply", "-auto-approve")
        self._state_then = self.run("state", "pull").encode()
        self._known_then = copy.deepcopy(self.cloud.provider.known)
        self._changes_then = copy.deepcopy(vars(self.changes))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cloud.__exit__(kind, error, at)

    @property
    def state_file(self) -> Path:
        return self.folder / "terraform.tfstate.d/production/terraform.tfstate"

    def restore(self) -> None:
        """As it was after the first apply."""
        (self.folder / ".terraform/environment").write_text("production")
        if self.remote is None:
            self.state_file.write_bytes(self._state_then)
        else:
            (self.folder / "then.json").write_bytes(self._state_then)
            self.run("state", "push", "-force", "then.json")
        self.cloud.provider.known = copy.deepcopy(self._known_then)
        self.cloud.faults()
        self.cloud.changes = self.changes
        vars(self.changes).update(copy.deepcopy(self._changes_then))
        self.changes.did.clear()

    def run(self, *words: str, status: int = 0) -> str:
        """What it printed; it must have ended with that status."""
        done = subprocess.run(
            [self.program, f"-chdir={self.folder}", *words],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(self.remote.secrets if self.remote else {})},
        )
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def planned(self, *words: str, status: int = 2) -> Path:
        """The document of a plan, beside which stands which workspace it is for; what OpenTofu said of it is `said`."""
        self.said = self.run("plan", "-detailed-exitcode", "-input=false", "-out=plan", *words, status=status)
        document = self.folder / "plan.json"
        document.write_text(self.run("show", "-json", "plan"))
        return document

    def _place(self, folder: Path, program: tofu.Program) -> None:
        shutil.copytree(HERE, self.folder)
        provider = folder / "mirror" / _PLACE
        provider.parent.mkdir(parents=True)
        command = f"PYTHONPATH={tofu.framework()} exec {sys.executable} {self.folder / 'provider.py'}"
        provider.write_text(f"#!/bin/sh\n{command}\n")
        mirrored = f'filesystem_mirror {{ path = "{folder / "mirror"}" }}'
        (folder / "rc").write_text(f"disable_checkpoint = true\nprovider_installation {{\n  {mirrored}\n}}\n")
        environment = f"TF_CLI_CONFIG_FILE={folder / 'rc'} CHERRY_API={self.cloud.url} CHERRY_AUTH_TOKEN={TOKEN}"
        self.program.write_text(f'#!/bin/sh\nexport {environment} TF_IN_AUTOMATION=1\nexec {program.path} "$@"\n')
        for one in (provider, self.program):
            one.chmod(0o755)
