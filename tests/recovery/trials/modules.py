"""Stages for a machine that is made by somebody's own module: OpenTofu is scripted as a program (what it prints, writes and
leaves undone), its provider answers as CherryServers does. The real OpenTofu: `../steps/test_tofu.py`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from outlive.lab.provider.documents import Server
from outlive.transport import process
from outlive.transport import tofu as tofu_transport
from outlive.transport.base import Completed
from tests.recovery.steps.carrying import BEGAN, world
from tests.recovery.trials.outside import FULL, Outside, told
from tests.recovery.trials.stage import Stage
from tests.world.cloud import CREATED
from tests.world.makers import CherryApi

KIND, NAME, KEY = "cherryservers_server", "web", "b"
RESOURCE = f'{KIND}.{NAME}["{KEY}"]'
OLD = {"id": "700101", "hostname": "web-1", "ip": "203.0.113.9"}
WORD = {"who": "ops", "at": BEGAN.isoformat(), "text": "it is gone"}
GONE = {"hosts": [{"host": "web-1", "verdict": "machine_replaced", "confirmed": True}]}
SEEN = GONE | {"addresses": [{"address": OLD["ip"], "answers_as": "unknown"}]}


@dataclass
class Module:
    """A module in `folder`, its state beside it. `replaces`: its machine stands, and is to be made anew in its place."""

    folder: Path
    api: CherryApi
    outside: Outside
    replaces: bool
    made: list[dict[str, str]] = field(default_factory=list)
    destroyed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.api.known[:] = [Server(700101, "web-1", OLD["ip"], CREATED)]
        self.api.switched.clear()
        self._remember(OLD if self.replaces else None)

    def says(self, argv: Sequence[str]) -> Completed:
        """`workspace show`, `state pull`, `plan` and `show`."""
        out = b""
        match list(argv[2:]):
            case ["workspace", "show"]:
                out = b"production\n"
            case ["state", "pull"]:
                out = self._state.read_bytes()
            case ["plan", *words]:
                return self._plan(argv, words)
            case ["show", *_, file]:
                out = Path(file).read_bytes()
        return Completed(tuple(argv), 0, out, "")

    def applies(self, log: int) -> Any:
        """It goes on though nobody can read what it prints, and though what it has made cannot be remembered."""
        self._prints(log, f"{RESOURCE}: Creating...\n")
        number = 700201 + len(self.made)
        one = {"id": str(number), "hostname": "web-b", "ip": "198.51.100.1"}
        self.made.append(one)
        if self.replaces:
            self.destroyed.append(OLD["id"])
            self.api.known[:] = []
        self.api.known.append(Server(number, one["hostname"], one["ip"], CREATED))
        try:
            self._remember(one)
        except OSError:
            self._prints(log, f"Error: {FULL}\n")
            return _Child(1)
        return _Child(0)

    def stops(self, log: int) -> Any:
        self._prints(log, f"Error: {FULL}\n")
        return _Child(1)

    def imported(self) -> None:
        """A person does as the cure says: what the provider has, and the state does not know, is imported."""
        if self.made and self.made[-1]["id"] not in self._state.read_text():
            self._remember(self.made[-1])

    def _plan(self, argv: Sequence[str], words: Sequence[str]) -> Completed:
        given = {name: value for name, _, value in (word.partition("=") for word in words)}
        user_data = json.loads(Path(given["-var-file"]).read_text())["outlive_user_data"]
        after = {"hostname": "web-b", "user_data": user_data}
        is_replaced = "-replace" in given
        actions = ["delete", "create"] if is_replaced else ["create"]
        before = {"id": OLD["id"], "hostname": OLD["hostname"], "ip_address": OLD["ip"]} if is_replaced else None
        change = {"actions": actions, "before": before, "after": after, "after_unknown": {}}
        one = {"address": RESOURCE, "mode": "managed", "type": KIND, "name": NAME, "index": KEY, "change": change}
        document = {"format_version": "1.2", "resource_changes": [one]}
        document |= {"variables": {"outlive_user_data": {"value": user_data}}}
        try:
            Path(given["-out"]).write_text(json.dumps(document))
        except OSError:
            return Completed(tuple(argv), 1, b"", f"Error: {FULL}")
        return Completed(tuple(argv), 0, b"", "")

    def _remember(self, one: dict[str, str] | None) -> None:
        """Whole, or as it was."""
        attributes = {"id": one["id"], "hostname": one["hostname"], "ip_address": one["ip"]} if one else {}
        instances = [{"index_key": KEY, "attributes": attributes}] if one else []
        resource = {"mode": "managed", "type": KIND, "name": NAME, "instances": instances}
        fresh = self._state.with_suffix(".new")
        fresh.write_text(json.dumps({"version": 4, "outputs": {}, "resources": [resource]}))
        fresh.replace(self._state)

    def _prints(self, log: int, text: str) -> None:
        with suppress(OSError):  # as OpenTofu: it goes on
            os.write(log, text.encode())

    @property
    def _state(self) -> Path:
        return self.folder / "terraform.tfstate"


@dataclass
class _Child:
    status: int

    def wait(self, timeout_seconds: float) -> int:
        return self.status


@dataclass
class Programs:
    """What `tofu` is, in each folder of a module."""

    modules: dict[str, Module] = field(default_factory=dict)

    def install(self, monkeypatch: Any) -> None:
        spawning = SimpleNamespace(Popen=self.popen, DEVNULL=None, TimeoutExpired=subprocess.TimeoutExpired)
        monkeypatch.setattr(tofu_transport, "subprocess", spawning)
        running = SimpleNamespace(run=self.run, not_installed=process.not_installed)
        monkeypatch.setattr(tofu_transport, "process", running)

    def run(self, argv: Sequence[str], **settings: Any) -> Completed:
        module = self._of(argv)
        full = Completed(tuple(argv), 1, b"", f"Error: {FULL}")
        return module.outside.ask(" ".join(argv[2:4]), lambda: module.says(argv), lambda: full)

    def popen(self, argv: Sequence[str], *, stdout: int, **settings: Any) -> Any:
        module = self._of(argv)
        return module.outside.ask("apply", lambda: module.applies(stdout), lambda: module.stops(stdout))

    def stage(self, folder: Path, api: CherryApi, kind: str) -> Stage:
        replaces = kind == "tofu-replace"
        folder.mkdir(parents=True)
        (folder / "more.toml").write_text(api.provider)
        outside = Outside()
        module = Module(folder / "module", api, outside, replaces)
        self.modules[str(module.folder)] = module
        here = replace(world(folder, new=""), outlive=told(outside, lambda argv: {"exit_code": 0, "document": SEEN}))
        args: dict[str, Any] = {"folder": str(module.folder), "workspace": "production", "resource": RESOURCE}
        args |= {"provider": "cloud", "vars": {"machines": [KEY]}}
        if replaces:
            args |= {"old": {"id": OLD["id"], "hostname": OLD["hostname"], "address": OLD["ip"]}, "approved": WORD}

        def once() -> None:
            assert len(module.made) <= 1, f"{len(module.made)} machines were made"
            assert module.destroyed == [OLD["id"]] * len(module.made) * replaces

        def done() -> None:
            once()
            (server,) = (one for one in api.known if one.hostname == "web-b")
            assert server.power == "on" and module.made[0]["ip"] in (folder / "known_hosts").read_text()
            assert not list(folder.glob("tofu-*")), "what may hold secrets lies about"

        def undone() -> None:
            once()
            assert all(one.power == "off" for one in api.known if one.hostname == "web-b"), "kept, and off"

        return Stage(kind, here, outside, done, undone, args, person=module.imported)

    def _of(self, argv: Sequence[str]) -> Module:
        return self.modules[argv[1].removeprefix("-chdir=")]
