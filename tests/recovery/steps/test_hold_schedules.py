"""Schedules that came back wait while the old server may run; where that cannot be done, it is said, never passed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outlive.errors import Failed
from outlive.recovery.steps.base import Inputs, World
from outlive.recovery.steps.registry import STEPS
from outlive.transport.local import LocalShell
from tests.recovery.steps.carrying import world

HOLD, RELEASE = STEPS["hold-schedules"], STEPS["release-schedules"]
ASSET = '[[assets]]\nname = "schedules"\nkind = "temporal"\nhost = "web-1"\n'
LOST = {"verdict": "machine_replaced", "confirmed": True, "still_answers": []}
STACK = {"project": "none", "files": ["/no/such/compose.yml"]}


def recovering(folder: Path, way_in: str) -> World:
    (folder / "more.toml").write_text(ASSET + way_in + "\n")
    return replace(world(folder), shell=lambda one: LocalShell(one.name))


def inputs(*facts: dict[str, Any], **args: Any) -> Inputs:
    found = {str(number): one for number, one in enumerate(facts)}
    return Inputs("run-1", "schedules wait", {"asset": "schedules", "copy": "c1", **args}, found)


def test_one_that_is_confirmed_to_be_lost_starts_nothing(tmp_path: Path) -> None:
    there = recovering(tmp_path, 'container = "shop/temporal"')
    assert "before any worker" in HOLD.plan(there, inputs())
    done = HOLD.do(there, inputs(LOST), 1.0)
    assert done and done["held"] == [] and "starts nothing any more" in done["said"]


@pytest.mark.parametrize(
    ("way_in", "why"),
    [("port = 7233", 'container = "project/service"'), ('address = "t.test:7233"', "asked for at t.test")],
)
def test_what_cannot_be_paused_is_said_with_the_plan_and_afterwards(tmp_path: Path, way_in: str, why: str) -> None:
    there = recovering(tmp_path, way_in)
    plan = HOLD.plan(there, inputs())
    done = HOLD.do(there, inputs(), 1.0)
    assert done and "does NOT pause" in plan and why in plan
    assert done["said"].startswith("NOT PAUSED, though nobody knows") and why in done["said"]


def test_without_an_answer_no_worker_starts_unless_a_person_says_so(tmp_path: Path) -> None:
    there = recovering(tmp_path, 'container = "shop/temporal"')
    with pytest.raises(Failed, match="could not be paused, though nobody knows") as caught:
        HOLD.do(there, inputs(STACK), 1.0)
    assert '--approve "schedules wait"' in caught.value.hint
    done = HOLD.do(there, inputs(STACK, approved={"who": "ops@laptop"}), 1.0)
    assert done and "NOT PAUSED" in done["said"] and "ops@laptop has approved" in done["said"]


def test_they_go_on_waiting_while_nobody_knows(tmp_path: Path) -> None:
    there = recovering(tmp_path, 'container = "shop/temporal"')
    held = {"held_schedules_of": "schedules", "held": ["shop/nightly"]}
    done = RELEASE.do(there, inputs(held), 1.0)
    assert done and done["released"] == [] and "1 go on waiting" in done["said"]
    none = RELEASE.do(there, inputs({"quarantined": "7"}), 1.0)
    assert none and none["said"] == "none was paused"
