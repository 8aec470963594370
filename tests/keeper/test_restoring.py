from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outlive.config.load import load
from outlive.engine.port import Run, RunStatus
from outlive.errors import Failed
from outlive.keeper.folders import make_folder
from outlive.keeper.restoring import asked, told
from tests.keeper.homes import home

NOW = datetime(2026, 2, 7, 3, tzinfo=UTC)


def test_it_goes_into_a_new_folder_of_the_keepers_own(tmp_path: Path) -> None:
    settings = load(home(tmp_path / "home"))
    wanted = asked(settings, "files", NOW, NOW)
    run_id, (step,) = wanted.run_id, wanted.runbook.steps
    folder = settings.keeper.state / "restored" / "files-20260207T030000Z"
    target = str(folder / "files")
    assert step.args["argv"] == ["restore", "files", "--to", target, "--at", "2026-02-07T03:00:00Z"]
    assert (wanted.folder, wanted.mode) == (folder, 0o700), "what it holds may be readable for all"
    assert "--at" not in asked(settings, "files", None, NOW).runbook.steps[0].args["argv"]
    result = {"steps": {"restore it elsewhere": {"document": {"reached_time": "then", "warnings": ["old"]}}}}
    runs = [
        Run(run_id, "restore files", RunStatus.DONE, NOW, NOW, result),
        Run("restore:files:2", "restore files", RunStatus.FAILED, NOW, NOW, None, "no room"),
        Run("drill:files:3", "drill files", RunStatus.DONE, NOW, NOW),
    ]
    found = told(settings, "files", runs)
    assert [one["said"] for one in found] == ["It holds everything until then. AT RISK: old", "no room"]
    assert found[0]["to"] == target
    assert told(settings, "other", runs) == []


def test_a_folder_has_its_mode_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        make_folder(tmp_path / "a" / "b", 0o711)
        make_folder(tmp_path / "a" / "b", 0o711)
    finally:
        os.umask(old)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o711
    (tmp_path / "file").touch()
    with pytest.raises(Failed):
        make_folder(tmp_path / "file" / "c", 0o700)
