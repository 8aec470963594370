"""A machine with Docker and one compose project, as far as the steps of a recovery ask for it: what is no `docker` is really
run here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outlive.transport.base import Completed
from outlive.transport.local import LocalShell
from outlive.transport.process import Process

COMMANDS_WITH_A_VALUE = ("--project-name", "--project-directory", "--file", "--format", "--timeout")


@dataclass
class Engine(LocalShell):
    """`services` run or not; `env` is the text of the project's `.env` that each was begun with; `loads` are the
    images that a `docker load` brings, by their ids."""

    folder: Path
    name: str = "web-1"
    installed: bool = True
    services: dict[str, bool] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    env_file: Path | None = None
    images: dict[str, str] = field(default_factory=dict)
    loads: dict[str, str] = field(default_factory=dict)

    def mountpoint(self, volume: str) -> Path:
        return self.folder / "volumes" / volume / "_data"

    def make(self, volume: str) -> None:
        self.mountpoint(volume).mkdir(parents=True, exist_ok=True)

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> Completed:
        words = list(argv)
        if words[:1] == ["sh"] and words[-1].startswith("docker version"):
            return self._said("20.10.24\n2.29.1\n") if self.installed else self._no("sh: 1: docker: not found", 127)
        if words == ["sh", "-euc", "install docker"]:
            self.installed = True
            return self._said("")
        if words[:1] != ["docker"]:
            return super().run(argv, stdin=stdin, timeout_seconds=timeout_seconds)
        if words[1] == "compose":
            return self._compose(_bare(words[2:]), words)
        return self._docker(words[1:])

    def open(self, argv: Sequence[str], *, stdin: bool = False) -> Process:
        if list(argv[:2]) != ["docker", "load"]:
            return super().open(argv, stdin=stdin)
        self.images |= self.loads
        return super().open(("sh", "-c", "cat > /dev/null"), stdin=stdin)

    def _docker(self, words: list[str]) -> Completed:
        match words:
            case ["volume", "inspect", "--", volume]:
                if not self.mountpoint(volume).parent.exists():
                    return self._no(f"Error: No such volume: {volume}")
                found = {"Name": volume, "Driver": "local", "Mountpoint": str(self.mountpoint(volume)), "Options": None}
                return self._said(json.dumps([found | {"CreatedAt": "2026-01-03T10:00:00Z", "Labels": {}}]))
            case ["volume", "create", *_]:
                self.make(words[-1])
                return self._said(words[-1])
            case ["image", "inspect", "--", *names]:
                found_images = [
                    {"Id": self.images[one], "RepoTags": [one], "RepoDigests": [], "Size": 1}
                    for one in names
                    if one in self.images
                ]
                text = json.dumps(found_images)
                return Completed(tuple(words), 0 if len(found_images) == len(names) else 1, text.encode(), "")
            case ["pull", "--quiet", image]:
                self.images[image] = f"sha256:{image}"
                return self._said(image)
        raise AssertionError(f"the engine of the trials does not know: docker {' '.join(words)}")

    def _compose(self, words: list[str], argv: list[str]) -> Completed:
        match words:
            case ["ps", *_]:
                lines = [
                    json.dumps(
                        {"Service": name, "State": "running" if runs else "exited", "ExitCode": 137, "Health": ""}
                    )
                    for name, runs in self.services.items()
                ]
                return self._said("\n".join(lines))
            case ["stop", *names]:
                self.services |= dict.fromkeys(names or list(self.services), False)
                return self._said("")
            case ["up", *_]:
                return self._up(argv)
            case ["exec", *_]:
                return self._said("")
        raise AssertionError(f"the engine of the trials does not know: docker compose {' '.join(words)}")

    def _up(self, argv: list[str]) -> Completed:
        named = [one for one in argv[argv.index("up") + 1 :] if not one.startswith("--")]
        now = self.env_file.read_text() if self.env_file else ""
        for name in named or self.services:
            is_new = self.env.get(name, now) != now and "--no-recreate" not in argv
            self.env[name] = now if is_new else self.env.get(name, now)
            self.services[name] = "--no-start" not in argv or (self.services[name] and not is_new)
        return self._said("")

    def _said(self, text: str) -> Completed:
        return Completed((), 0, text.encode(), "")

    def _no(self, why: str, status: int = 1) -> Completed:
        return Completed((), status, b"", why)


def _bare(words: list[str]) -> list[str]:
    """Without what says which project is meant."""
    found: list[Any] = list(words)
    while found and found[0].startswith("--"):
        found = found[2:] if found[0] in COMMANDS_WITH_A_VALUE else found[1:]
    return found
