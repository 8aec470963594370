"""Every kind of step is spoilt at every question that it asks the outside (killed before and after, refused as by a full disk,
unanswered, the answer lost or late), on its way forward and on its way back: `--resume` and `--undo` each reach a good end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from outlive.commands import placing as words
from outlive.recovery.steps import config as config_step
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from tests.engine.databases import sqlite_url
from tests.recovery.trials.disks import Disks
from tests.recovery.trials.stage import Stage, tried_backward, tried_forward

ANOTHER_DISK = Path("/dev/shm")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(sqlite_url(tmp_path_factory.mktemp("journal")))
    yield made
    made.close()


@pytest.fixture
def journal(store: Store, request: pytest.FixtureRequest) -> Recovering:
    return Recovering(store)


@pytest.fixture
def hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk: processes are killed here, not the kernel."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sync").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")


@pytest.fixture(params=["one disk", "two disks"])
def disks(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hurried: None
) -> Iterator[Disks]:
    def room(path: str) -> None:
        monkeypatch.setattr(words, "ROOM", path)
        monkeypatch.setattr(config_step, "ROOM", path)

    if request.param == "one disk":
        yield Disks(tmp_path / "disks", room)
        return
    if not ANOTHER_DISK.is_dir() or ANOTHER_DISK.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other disk here")
    with TemporaryDirectory(prefix="outlive-test-", dir=ANOTHER_DISK) as other:
        yield Disks(tmp_path / "disks", room, Path(other))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "aside"), [("path", True), ("volume", True), ("volume", False), ("cluster", True)])
def test_what_is_laid_onto_a_disk(disks: Disks, journal: Recovering, tmp_path: Path, kind: str, aside: bool) -> None:
    def staged(folder: Path) -> Stage:
        return disks.stage(kind, folder, aside=aside)

    assert tried_forward(journal, staged, tmp_path / f"{kind}-forward") > 40
    assert tried_backward(journal, staged, tmp_path / f"{kind}-back") >= 12
