"""SQLite where the host has no program to copy it, but a container that uses it has."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlive.lab.ground.process import wait_until
from outlive.model.asset import DockerVolumeAsset, PathAsset
from outlive.sources.base import Source
from outlive.sources.docker_volume import DockerVolumeSource
from outlive.sources.path import PathSource
from outlive.testing.clock import ManualClock
from outlive.transport.local import LocalShell
from tests.sources.test_sqlite import WRITER, rows, without_sqlite3
from tests.sources.trees import drain, names_in
from tests.world import images
from tests.world.docker import DockerEngine

pytestmark = [pytest.mark.docker, pytest.mark.slow]
USER = "1000:1000"
STATES = "for one in /proc/[0-9]*/stat; do sed 's/.*) \\(.\\).*/\\1/' $one 2>/dev/null; done; true"


@pytest.fixture(autouse=True)
def bare_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine, with neither sqlite3 nor python3."""
    programs = without_sqlite3(tmp_path / "bin")
    (programs / "python3").unlink()
    monkeypatch.setenv("PATH", str(programs))


class App:
    """A container that writes rows into /data/app.db, as a user of its own, as process 1."""

    def __init__(self, engine: DockerEngine, mount: str) -> None:
        self.engine = engine
        command = ("python3", "-u", "-c", WRITER, "/data/app.db", "wal")
        image = images.sqlite(engine)
        self.container = engine.run(image, *command, options=["--user", USER, "--volume", mount])
        wait_until(lambda: self.committed() > 50, "rows", seconds=60)

    def committed(self) -> int:
        lines = self.engine.logs(self.container).split()
        return int(lines[-1]) if lines else 0

    def exec(self, script: str, user: str = "0") -> str:
        return self.engine.docker("exec", "--user", user, self.container, "sh", "-c", script)


NewApp = Callable[[str], App]


@pytest.fixture
def new_app(docker_host: DockerEngine, volume: str) -> Iterator[NewApp]:
    apps: list[App] = []

    def make(mount: str) -> App:
        apps.append(App(docker_host, mount))
        return apps[-1]

    yield make
    for app in apps:
        docker_host.remove(app.container)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    subprocess.run(["chown", USER, folder], check=True)
    return folder


@pytest.fixture
def volume(docker_host: DockerEngine, folder: Path) -> Iterator[str]:
    """One that only containers see: root on the host reads no volume whose driver mounts it when it is used."""
    name = f"outlive-test-{folder.parent.name}".replace("_", "-")
    options = ("--opt", "type=none", "--opt", "o=bind", "--opt", f"device={folder}")
    docker_host.docker("volume", "create", *options, name)
    yield name
    docker_host.docker("volume", "rm", "--force", name)


def copied(source: Source, app: App, tmp_path: Path) -> None:
    """A whole database, nothing left behind, and the application goes on."""
    before = app.committed()
    streams, outcome = drain(source)
    assert list(streams) == ["sqlite-000.db", "files.tar"] and outcome.warnings == ()
    assert before <= rows(streams["sqlite-000.db"], tmp_path) <= app.committed() + 1
    assert names_in(streams["files.tar"]) == ["./"]
    left_nothing(app)


def left_nothing(app: App) -> None:
    wait_until(lambda: app.exec("ls /var/tmp /tmp | grep outlive; true") == "", "temporary files to go")
    assert "Z" not in app.exec(STATES).split(), "a zombie was left to an application that reaps none"
    assert set(app.exec("stat -c %u:%g /data/*").split()) == {USER}, "nothing of root's was put among its files"
    now = app.committed()
    wait_until(lambda: app.committed() > now, "the application to write on")


def test_a_bound_path(new_app: NewApp, folder: Path, tmp_path: Path) -> None:
    app = new_app(f"{folder}:/data")
    asset = PathAsset(name="files", host="local", path=str(folder))
    copied(PathSource(asset, LocalShell(), ManualClock()), app, tmp_path)


def test_a_volume_by_python(new_app: NewApp, volume: str, tmp_path: Path) -> None:
    app = new_app(f"{volume}:/data")
    app.exec("rm /usr/bin/sqlite3")
    asset = DockerVolumeAsset(name="data", host="local", volume=volume)
    copied(DockerVolumeSource(asset, LocalShell(), ManualClock()), app, tmp_path)


def test_a_copy_that_is_given_up_leaves_nothing(new_app: NewApp, folder: Path) -> None:
    app = new_app(f"{folder}:/data")
    app.exec("sqlite3 -cmd '.timeout 60000' /data/app.db 'create table pad as select randomblob(30000000) as x'", USER)
    asset = PathAsset(name="files", host="local", path=str(folder))
    with pytest.raises(KeyError), PathSource(asset, LocalShell(), ManualClock()).capture() as capture:
        next(iter(next(iter(capture.streams())).chunks))
        raise KeyError
    left_nothing(app)


def test_where_nobody_can_that_is_said(new_app: NewApp, folder: Path, volume: str, docker_host: DockerEngine) -> None:
    """A container that may only read it, one that lacks the programs, and none that runs."""
    app = new_app(f"{volume}:/data")
    app.exec("rm /usr/bin/sqlite3 /usr/bin/python3")
    reader = docker_host.run(images.sqlite(docker_host), "sleep", "60", options=["--volume", f"{folder}:/data:ro"])
    path = PathSource(PathAsset(name="f", host="local", path=str(folder)), LocalShell(), ManualClock())
    through = DockerVolumeSource(DockerVolumeAsset(name="v", host="local", volume=volume), LocalShell(), ManualClock())
    for source, why in (
        (path, "the host has neither sqlite3 nor python3, and no running container that uses them has"),
        (through, "no running container that uses them has sqlite3 or python3"),
    ):
        streams, outcome = drain(source)
        assert "./app.db" in names_in(streams["files.tar"])
        assert any(why in warning and "they may be torn" in warning for warning in outcome.warnings)
    docker_host.remove(reader)
