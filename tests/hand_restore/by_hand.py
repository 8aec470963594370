"""A person with the folder of one copy, a key, and a machine that has only stock programs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from outlive.backup.copies.layout import copy_folder
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.take import take
from outlive.clock import SystemClock
from outlive.model.asset import Asset
from outlive.model.copy import Manifest
from outlive.sources.base import Source
from outlive.vault.encryption import parse_recipients
from outlive.vault.keys import KeySet, create_keys
from outlive.vault.local import LocalVault
from tests.world import images
from tests.world.docker import DockerEngine

PROGRAMS = "/usr/lib/postgresql/$PG_MAJOR/bin"
PART_BYTES = 1 << 18  # small, so that a little data makes several parts


@dataclass(frozen=True)
class Kept:
    """One copy as files, and the keys."""

    manifest: Manifest
    folder: Path
    keys: KeySet
    vault: LocalVault


def keep(
    asset: Asset, source: Source, tmp_path: Path, keys: KeySet | None = None, *, part_bytes: int = PART_BYTES
) -> Kept:
    """Takes a copy into a vault of its own; with `keys`, another one into the same."""
    clock = SystemClock()
    keys = keys or create_keys(tmp_path / "keys", clock.now())
    policy = SealPolicy(parse_recipients(keys.recipients), part_bytes=part_bytes)
    vault = LocalVault.create(tmp_path / "vault")
    manifest = take(asset, source, vault, policy, state=tmp_path / "state", clock=clock).manifest
    return Kept(manifest, vault.root / copy_folder(asset.name, manifest.id), keys, vault)


@dataclass(frozen=True)
class Answer:
    """What the shell said."""

    status: int
    text: str


class Person:
    """Works in a container of the stock image; the copy's folder and the key are all that it is given, and the folders of
    the copies that this one builds on. Or by the words `there` (a container, and what enters a machine in it), which has
    the folder at /copy."""

    def __init__(self, engine: DockerEngine, kept: Kept, major: int = 17, *, there: tuple[str, ...] = ()) -> None:
        self.folder = "/copy" if kept.manifest.parent is None else f"/copies/{kept.folder.name}"
        mounts = ["--volume", f"{kept.folder}:{self.folder}:ro"]
        if kept.manifest.parent is not None:
            mounts = ["--volume", f"{kept.folder.parent}:/copies:ro"]
        self.engine = engine
        image = images.hand_restore(engine, major)
        self.there = there or (engine.run(image, "sleep", "infinity", options=mounts),)
        self.container = self.there[0]
        self.give_key(kept.keys.recovery_identity)

    def give_key(self, path: Path) -> None:
        secret = next(line for line in path.read_text().splitlines() if not line.startswith("#"))
        self.shell("umask 077; cat > /root/recovery.txt", input=f"{secret}\n")

    def follow(self, **variables: str) -> Answer:
        """Runs what RESTORE.md says under "All at once", as written, in the folder of the copy."""
        page = self.shell(f"cat {self.folder}/RESTORE.md").text
        extract, run = re.search(r"All at once.*?\n\n((?:    [^\n]+\n)+)", page, re.S)[1].splitlines()  # type: ignore[index]
        words = " ".join(f"{name}={value}" for name, value in variables.items())
        run = re.sub(r"^\s*KEY=\S+ TARGET=\S+", f"KEY=/root/recovery.txt {words}", run)
        return self.shell(f"cd {self.folder} && {extract.strip()} && {run}")

    def shell(self, script: str, *, input: str = "") -> Answer:
        done = subprocess.run(
            [self.engine.client, "exec", "-i", *self.there, "bash", "-c", script],
            input=input.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
        return Answer(done.returncode, done.stdout.decode(errors="replace"))

    def bytes_of(self, path: str) -> bytes:
        command = [self.engine.client, "exec", self.container, "cat", path]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout

    def sql(self, query: str, dbname: str = "postgres") -> str:
        """What psql prints, as the server's superuser over the socket in /tmp/s."""
        psql = f"{PROGRAMS}/psql -XAtq -v ON_ERROR_STOP=1 -h /tmp/s"
        answer = self.shell(f"cd / && PGDATABASE={shlex.quote(dbname)} runuser -u postgres -- {psql}", input=query)
        assert answer.status == 0, answer.text
        return answer.text.strip()

    def leave(self) -> None:
        self.engine.remove(self.container)


def damaged(kept: Kept, tmp_path: Path) -> Kept:
    """The same copy in a folder of its own, to be broken."""
    folder = tmp_path / "broken"
    shutil.copytree(kept.folder, folder)
    return replace(kept, folder=folder)
