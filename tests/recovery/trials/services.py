"""Stages for what is done to the compose project of a machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from outlive.backup.take import take
from outlive.model.asset import ImagesAsset
from outlive.sources.base import Outcome
from outlive.sources.images import IMAGES
from outlive.testing.clock import ManualClock
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, Made, policy
from tests.recovery.steps.carrying import world
from tests.recovery.trials.engine import Engine
from tests.recovery.trials.outside import Outside, Watched
from tests.recovery.trials.stage import Stage

ASSETS = """
[[assets]]
name = "db"
kind = "postgres"
host = "web-1"
container = "shop/db"
"""
OLD, NEW = "APP_PASSWORD=old-word\nDEBUG=1\n", "APP_PASSWORD=new-word\nDEBUG=1\n"
SERVICES = ["db", "web", "jobs"]
IMAGE = {"name": "shop/web:1", "id": "sha256:shop/web:1"}


@dataclass
class Images(Made):
    """A copy of one image."""

    def finish(self) -> Outcome:
        return Outcome(self.clock.now(), {"made": True}, {"images": [IMAGE]})

    @contextmanager
    def capture(self) -> Iterator[Made]:
        yield self


@dataclass
class Services:
    """The project `shop` with its `.env`, in `folder`."""

    folder: Path
    outside: Outside
    engine: Engine
    here: Any  # a World

    @classmethod
    def on(cls, folder: Path, *, running: bool) -> Services:
        folder.mkdir(parents=True)
        (folder / "more.toml").write_text(ASSETS)
        (folder / ".env").write_text(OLD)
        outside, engine = Outside(), Engine(folder, env_file=folder / ".env")
        engine.services = dict.fromkeys(SERVICES, running)
        engine.env = dict.fromkeys(SERVICES, OLD)
        shell = Watched(engine, outside)
        here = replace(world(folder), shell=lambda host: shell)
        return cls(folder, outside, engine, here)

    def stage(self, kind: str, done: Any, undone: Any, **args: Any) -> Stage:
        facts = {"project": "shop", "files": [str(self.folder / "compose.yml")], "services": SERVICES}
        facts |= {"images": ["shop/web:1"], "shared": [{"variables": ["APP_PASSWORD"], "roles": ["db/app"]}]}
        args |= {"env_file": str(self.folder / ".env")}
        return Stage(kind, self.here, self.outside, done, undone, args, {"stack": facts})

    def run(self, *names: str) -> None:
        found = sorted(name for name, runs in self.engine.services.items() if runs)
        assert found == sorted(names), f"{found} run"

    def began_with(self, text: str, *names: str) -> None:
        assert {self.engine.env[one] for one in names} == {text}, self.engine.env


def stop(folder: Path) -> Stage:
    on = Services.on(folder, running=True)
    return on.stage("stop", lambda: on.run("db"), lambda: on.run(*SERVICES), databases=False)


def start(folder: Path) -> Stage:
    on = Services.on(folder, running=False)
    return on.stage("start", lambda: on.run(*SERVICES), on.run)


def redeploy(folder: Path) -> Stage:
    """Undone by the step that changed the environment."""
    on = Services.on(folder, running=True)
    on.engine.services |= {"web": False, "jobs": False}
    (folder / ".env").write_text(NEW)
    done = lambda: (on.run(*SERVICES), on.began_with(NEW, "web", "jobs"), on.began_with(OLD, "db"))  # noqa: E731
    return on.stage("redeploy", done, lambda: None)


def env_secrets(folder: Path) -> Stage:
    """The new passwords are staged, as the step before leaves them. Nothing of them may lie about in the end."""
    on = Services.on(folder, running=False)

    def staged(run: str) -> None:
        if (folder / ".env").read_text() == OLD:
            (folder / f".env.next-{run}").write_text(NEW)

    def names(*wanted: str) -> None:
        found = {one.name.partition("-")[0] for one in folder.glob(".env*")}
        assert found <= {".env", *wanted}, found

    def done() -> None:
        assert (folder / ".env").read_text() == NEW
        names(".env.before")

    def undone() -> None:
        assert (folder / ".env").read_text() == OLD
        on.began_with(OLD, *SERVICES)
        names(".env.before", ".env.next")

    stage = on.stage("env-secrets", done, undone)
    stage.again = staged
    return stage


def docker(folder: Path) -> Stage:
    on = Services.on(folder, running=False)
    on.engine.installed = False
    return on.stage("docker", lambda: _insist(on.engine.installed), lambda: None, install="install docker")


def images(folder: Path) -> Stage:
    on = Services.on(folder, running=False)
    done = lambda: _insist("shop/web:1" in on.engine.images)  # noqa: E731
    return on.stage("images", done, lambda: None)


def image_copy(folder: Path) -> Stage:
    on = Services.on(folder, running=False)
    vault, clock = MemoryVault(), ManualClock()
    asset = ImagesAsset(name="images", host="web-1", project="shop")
    copy = take(asset, Images({IMAGES: b"layers"}), vault, policy(), state=folder / "state", clock=clock).manifest.id
    on.here = replace(on.here, vault=vault, identities=(KEY,))
    on.engine.loads = {IMAGE["name"]: IMAGE["id"]}
    done = lambda: _insist(on.engine.images == on.engine.loads)  # noqa: E731
    return on.stage("image-copy", done, lambda: None, asset="images", copy=copy)


def _insist(it_is_so: bool) -> None:
    assert it_is_so
