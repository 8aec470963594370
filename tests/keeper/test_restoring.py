from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from outlive.config.load import load
from outlive.engine.port import Run, RunStatus
from outlive.keeper.restoring import asked, told
from tests.keeper.homes import home

NOW = datetime(2026, 2, 7, 3, tzinfo=UTC)


def test_it_goes_into_a_new_folder_of_the_keepers_own(tmp_path: Path) -> None:
    settings = load(home(tmp_path / "home"))
    run_id, runbook = asked(settings, "files", NOW, NOW)
    (step,) = runbook.steps
    folder = str(settings.keeper.state / "restored" / "files-20260207T030000Z")
    assert step.args["argv"] == ["restore", "files", "--to", folder, "--at", "2026-02-07T03:00:00Z"]
    assert "--at" not in asked(settings, "files", None, NOW)[1].steps[0].args["argv"]
    result = {"steps": {"restore it elsewhere": {"document": {"reached_time": "then", "warnings": ["old"]}}}}
    runs = [
        Run(run_id, "restore files", RunStatus.DONE, NOW, NOW, result),
        Run("restore:files:2", "restore files", RunStatus.FAILED, NOW, NOW, None, "no room"),
        Run("drill:files:3", "drill files", RunStatus.DONE, NOW, NOW),
    ]
    found = told(settings, "files", runs)
    assert [one["said"] for one in found] == ["It holds everything until then. AT RISK: old", "no room"]
    assert found[0]["to"] == folder
    assert told(settings, "other", runs) == []
