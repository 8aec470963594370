"""Stages for what is laid onto the new machine's disk: real commands, in folders of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from outlive.backup.take import take
from outlive.model.asset import Asset, ConfigAsset, PathAsset
from outlive.sources.config import ConfigSource
from outlive.sources.path import PathSource
from outlive.testing.clock import ManualClock
from outlive.transport.local import LocalShell
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, policy
from tests.recovery.steps.carrying import world
from tests.recovery.trials.engine import Engine
from tests.recovery.trials.outside import Outside, Watched
from tests.recovery.trials.stage import Stage

ASSETS = """
[[assets]]
name = "files"
kind = "path"
host = "web-1"
path = "{place}/srv/files"
[[assets]]
name = "uploads"
kind = "docker_volume"
host = "web-1"
volume = "shop_uploads"
[[assets]]
name = "conf"
kind = "config"
host = "web-1"
paths = ["{conf}"]
[[assets]]
name = "db"
kind = "postgres"
host = "web-1"
container = "shop/db"
"""
BIND = {"db": [{"target": "/var/lib/postgresql/data", "volume": "shop_db", "source": ""}]}
STACK = {"project": "shop", "volume_keys": {}, "pgdata": {}, "binds": BIND, "files": ["/srv/compose.yml"]}
ASSET = {"path": "files", "volume": "uploads", "config": "conf", "cluster": "db"}


@dataclass
class Disks:
    """A vault with a copy of a directory that holds `receipt`, and of `conf`, a file. `room` says where the machine keeps
    what is ours."""

    folder: Path
    room: Callable[[str], None]
    vault: MemoryVault = field(default_factory=MemoryVault)
    copies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "files").mkdir(parents=True)
        (self.folder / "files/receipt").write_text("restored")
        self.conf = self.folder / "conf"
        self.conf.write_text("A=1")
        clock = ManualClock()
        sources = [
            (
                path := PathAsset(name="files", host="web-1", path=str(self.folder / "files")),
                PathSource(path, HERE, clock),
            ),
            (conf := ConfigAsset(name="conf", host="web-1", paths=(str(self.conf),)), ConfigSource(conf, HERE, clock)),
        ]
        for asset, source in sources:
            made: Asset = asset
            taken = take(made, source, self.vault, policy(), state=self.folder / "state", clock=clock)
            self.copies[made.name] = taken.manifest.id
        self.copies |= {"uploads": self.copies["files"], "db": self.copies["files"]}

    def stage(self, kind: str, folder: Path, *, aside: bool = False) -> Stage:
        folder.mkdir(parents=True)
        (folder / "more.toml").write_text(ASSETS.format(place=folder, conf=self.conf))
        self.conf.unlink(missing_ok=True)
        room = folder / "room"
        self.room(str(room))
        outside, engine = Outside(), Engine(folder)
        shell = Watched(engine, outside)
        here = replace(world(folder), vault=self.vault, identities=(KEY,), shell=lambda host: shell)
        is_there = _Place(self._place(kind, folder, engine), room, aside)
        return Stage(
            kind,
            here,
            outside,
            done=self._conf_is_there if kind == "config" else is_there.done,
            undone=(lambda: None) if kind == "config" else is_there.undone,
            args={"asset": ASSET[kind], "copy": self.copies[ASSET[kind]], "aside": aside},
            facts={"stack": STACK},
            again=(lambda run: _recovered(folder)) if kind == "cluster" else lambda run: None,
        )

    def _place(self, kind: str, folder: Path, engine: Engine) -> Path:
        if kind == "cluster":
            _recovered(folder)
            return engine.mountpoint("shop_db")
        return engine.mountpoint("shop_uploads") if kind == "volume" else folder / "srv/files"

    def _conf_is_there(self) -> None:
        assert self.conf.read_text() == "A=1"


@dataclass
class _Place:
    """Where something is put, `aside` with what was there before."""

    path: Path
    room: Path
    aside: bool

    def __post_init__(self) -> None:
        if self.aside:
            self.path.mkdir(parents=True)
            (self.path / "mine").write_text("precious")

    def _holds(self, *names: str) -> None:
        found = sorted(one.name for one in self.path.iterdir()) if self.path.exists() else []
        assert found == list(names), f"{self.path.name} holds {found}"
        beside = sorted(one.name for one in self.path.parent.iterdir()) if self.path.parent.exists() else []
        assert beside in ([], [self.path.name]), f"beside it: {beside}"

    def done(self) -> None:
        self._holds("receipt")
        if self.aside:
            kept = self.room / "aside"
            assert "precious" in [one.read_text() for one in kept.rglob("mine")], f"{kept}: what was there is lost"

    def undone(self) -> None:
        self._holds(*["mine"] * self.aside)
        assert not self.aside or (self.path / "mine").read_text() == "precious"


HERE = LocalShell()


def _recovered(folder: Path) -> None:
    """As the step leaves it here once Postgres has recovered it: what it is brought from."""
    local = folder / "clusters/db"
    if not local.exists():
        (local / "data").mkdir(parents=True)
        (local / "data/receipt").write_text("restored")
        (local / "reached.json").write_text(json.dumps({"asset": "db", "copy": "c1", "until": "2026-02-07T08:00:00Z"}))
