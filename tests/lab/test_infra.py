"""The plan beside a lab is what OpenTofu itself would have printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outlive.commands.tofu import read_plan
from outlive.lab import infra
from outlive.lab.record import PREVIEW
from outlive.recovery.plan_guard import guard

RECORDED = Path(__file__).parents[1] / "recorded/tofu"


def written(folder: Path, values_of: str) -> dict[str, Any]:
    return json.loads(infra.write(folder, 700101, "192.0.2.11", values_of).read_text())


@pytest.mark.parametrize(("values_of", "recorded"), [(PREVIEW, "wrong-workspace"), (infra.PRODUCTION, "no-changes")])
def test_it_has_the_shape_of_one_and_is_judged_as_one(tmp_path: Path, values_of: str, recorded: str) -> None:
    real = json.loads((RECORDED / f"{recorded}.json").read_text())
    ours = written(tmp_path, values_of)
    assert ours.keys() <= real.keys()
    (change,), (like, *_) = ours["resource_changes"], real["resource_changes"]
    assert (change.keys(), change["change"].keys()) == (like.keys(), like["change"].keys())
    assert change["change"]["actions"] == like["change"]["actions"]
    refused = [
        [
            (one.address.partition(".")[0], one.action, one.cure)
            for one in guard(read_plan(json.dumps(plan).encode()), "production")
        ]
        for plan in (ours, real)
    ]
    assert refused[0] == refused[1] and bool(refused[0]) == (values_of == PREVIEW)
