"""Every kind of step is spoilt at every question that it asks the outside (killed before and after, refused as by a full
disk, unanswered, the answer lost or late), on its way forward and back: `--resume` and `--undo` each reach a good end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from outlive.commands import placing as words
from outlive.recovery.steps import config as config_step
from outlive.recovery.steps.base import Effect, Inputs, World
from outlive.recovery.steps.registry import STEPS
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from tests.engine.databases import sqlite_url
from tests.recovery.moving.between import BETWEEN
from tests.recovery.steps.test_killed import CASES
from tests.recovery.trials import ours, services, temporal
from tests.recovery.trials.boxes import BEFORE, Boxes
from tests.recovery.trials.disks import Disks
from tests.recovery.trials.modules import Programs
from tests.recovery.trials.ours import enrol
from tests.recovery.trials.outside import TO_ONE_QUESTION, Fault
from tests.recovery.trials.stage import Stage, Staging, tried_backward, tried_forward
from tests.world.makers import CherryApi

ON_MACHINE = (Fault.KILLED_AFTER, Fault.FULL)  # where real processes are begun: what differs there, and no more
AT_API = (Fault.KILLED_AFTER, Fault.FULL, Fault.LOST)
KILLED = (Fault.KILLED_AFTER,)
ON_DISK = (("path", True), ("volume", False), ("cluster", True), ("config", False))
SCRIPTED: dict[str, Staging] = {
    "by-hand": ours.by_hand,
    "copy-anew": ours.copy_anew,
    "docker": services.docker,
    "enrol": lambda folder: enrol(folder, Store("")),
    "env-secrets": services.env_secrets,
    "evidence": partial(ours.check, "evidence"),
    "fresh-copy": ours.fresh_copy,
    "image-copy": services.image_copy,
    "images": services.images,
    "last-copy": ours.last_copy,
    "redeploy": services.redeploy,
    "repoint": ours.repoint,
    "start": services.start,
    "stop": services.stop,
    "take-over": partial(ours.check, "take-over"),
}

MODULES = ("tofu-machine", "tofu-replace")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(sqlite_url(tmp_path_factory.mktemp("journal")))
    yield made
    made.close()


@pytest.fixture
def journal(store: Store, request: pytest.FixtureRequest) -> Recovering:
    return Recovering(store)


@pytest.fixture
def disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hurried: None) -> Disks:
    def room(path: str) -> None:
        monkeypatch.setattr(words, "ROOM", path)
        monkeypatch.setattr(config_step, "ROOM", path)

    return Disks(tmp_path / "disks", room)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "aside"), ON_DISK)
def test_what_is_laid_onto_a_disk(disks: Disks, journal: Recovering, tmp_path: Path, kind: str, aside: bool) -> None:
    def staged(folder: Path) -> Stage:
        return disks.stage(kind, folder, aside=aside)

    assert tried_forward(journal, staged, tmp_path / f"{kind}-{aside}-forward", ON_MACHINE) >= 12
    assert tried_backward(journal, staged, tmp_path / f"{kind}-{aside}-back", ON_MACHINE) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", SCRIPTED)
def test_what_is_scripted(kind: str, journal: Recovering, store: Store, tmp_path: Path, hurried: None) -> None:
    def staged(folder: Path) -> Stage:
        return enrol(folder, store) if kind == "enrol" else SCRIPTED[kind](folder)

    faults = ON_MACHINE if kind == "env-secrets" else TO_ONE_QUESTION
    tried = tried_forward(journal, staged, tmp_path / f"{kind}-forward", faults)
    tried += tried_backward(journal, staged, tmp_path / f"{kind}-back", faults)
    assert tried >= 12 or kind in ("repoint", "by-hand"), "which ask nobody outside"


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODULES)
def test_what_a_module_makes(kind: str, journal: Recovering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = Programs()
    programs.install(monkeypatch)
    with CherryApi() as api:

        def staged(folder: Path) -> Stage:
            return programs.stage(folder, api, kind)

        assert tried_forward(journal, staged, tmp_path / f"{kind}-forward", ON_MACHINE) >= 30
        assert tried_backward(journal, staged, tmp_path / f"{kind}-back", ON_MACHINE) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", temporal.STAGES)
def test_what_is_done_to_schedules(
    kind: str, journal: Recovering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def staged(folder: Path) -> Stage:
        return temporal.STAGES[kind](folder, monkeypatch)

    assert tried_forward(journal, staged, tmp_path / f"{kind}-forward", AT_API) >= 12
    tried_backward(journal, staged, tmp_path / f"{kind}-back", AT_API)


@pytest.fixture
def boxes(hurried: None) -> Iterator[Boxes]:
    if os.geteuid() != 0:
        pytest.skip("mounting in a namespace of its own takes root")
    made = Boxes()
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "formats"), [*((kind, True) for kind in BEFORE), ("mount-volume", False)])
def test_what_is_done_with_a_volume(
    boxes: Boxes, journal: Recovering, tmp_path: Path, kind: str, formats: bool
) -> None:
    def staged(folder: Path) -> Stage:
        return boxes.stage(kind, folder, formats=formats)

    assert tried_forward(journal, staged, tmp_path / f"{kind}-{formats}-forward", KILLED) >= 2
    assert tried_backward(journal, staged, tmp_path / f"{kind}-{formats}-back", KILLED) >= 2


def test_every_kind_of_step_is_tried() -> None:
    """A new kind wants a stage here, a case at the clouds' (`test_killed.py`), one between databases, or to only look."""
    looks = {kind for kind, step in STEPS.items() if step.effect is Effect.READS}
    tried = (
        {kind for kind, _ in ON_DISK}
        | {*MODULES, *BEFORE}
        | temporal.STAGES.keys()
        | SCRIPTED.keys()
        | {one.kind for one in CASES.values()}
        | set(BETWEEN)
    )
    assert tried | looks == STEPS.keys()


@pytest.mark.parametrize("kind", [kind for kind, step in STEPS.items() if step.effect is Effect.READS])
def test_what_only_looks_leaves_nothing_to_take_back(kind: str) -> None:
    """Killed or failed anywhere, it looks again; its undo asks nobody, so that it cannot fail."""
    nowhere = cast(World, None)
    assert STEPS[kind].undo(nowhere, Inputs("run-1", "it")) is None
