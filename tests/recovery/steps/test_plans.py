"""What a runbook cannot do for an asset is said with the plan, before anything is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.errors import Failed, UsageError
from outlive.recovery.steps.base import Inputs
from outlive.recovery.steps.registry import STEPS
from tests.recovery.steps.carrying import world

ASSETS = """
[[assets]]
name = "inside"
kind = "postgres"
host = "web-1"
container = "shop/db"
[[assets]]
name = "alone"
kind = "postgres"
host = "web-1"
container = "postgres"
[[assets]]
name = "socket"
kind = "postgres"
host = "web-1"
socket = "/var/run/postgresql"
"""
OTHER = '[[assets]]\nname = "other"\nkind = "images"\nhost = "web-1"\nproject = "blog"\n'


def test_a_cluster_that_is_no_service_is_refused_with_the_plan(tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text(ASSETS)
    there = world(tmp_path)
    plan = STEPS["cluster"].plan
    assert "of db to the last durable second" in plan(there, Inputs("run", "c", {"asset": "inside", "copy": "c1"}))
    for asset in ("alone", "socket"):
        with pytest.raises(Failed, match="no service of a compose project") as caught:
            plan(there, Inputs("run", "c", {"asset": asset, "copy": "c1"}))
        assert "outlive restore" in caught.value.hint


def test_which_project_is_meant(tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text(ASSETS)
    assert "'shop'" in STEPS["stack"].plan(world(tmp_path), Inputs("run", "stack"))
    (tmp_path / "more.toml").write_text(ASSETS + OTHER)
    with pytest.raises(UsageError, match="blog, shop"):
        STEPS["stack"].plan(world(tmp_path), Inputs("run", "stack"))
    assert "'blog'" in STEPS["stack"].plan(world(tmp_path), Inputs("run", "stack", {"project": "blog"}))


def test_the_copy_that_this_run_took_is_the_one_that_is_brought_back(tmp_path: Path) -> None:
    shown = Inputs("run", "c", {"asset": "inside", "copy": "c1"})
    assert shown.copy == "c1"
    assert Inputs("run", "c", shown.args, {"last copies": {"copies": {"inside": "c2"}}}).copy == "c2"
