"""The step `enrol`: the difference was accepted with the plan; who was not let in has enrolled nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outlive.errors import Failed, NoData, OutliveError, Refused
from outlive.recovery.steps.enrol import Enrol
from tests.recovery.steps.carrying import inputs, world

STEP = Enrol()


def said(tmp_path: Path, *answers: OutliveError | int) -> list[Sequence[str]]:
    """The calls that it makes, when they are answered so."""
    calls: list[Sequence[str]] = []

    def outlive(argv: Sequence[str], seconds: float) -> dict[str, Any]:
        calls.append(argv)
        answer = answers[len(calls) - 1]
        if isinstance(answer, OutliveError):
            raise answer
        return {"exit_code": answer, "document": {}}

    STEP.do(replace(world(tmp_path), outlive=outlive), inputs({}), 60)
    return calls


def test_the_difference_is_accepted_by_its_code(tmp_path: Path) -> None:
    first, second = said(tmp_path, Refused("another", hint="outlive identity web-1 --enrol --accept 0f3c2a"), 0)
    assert first == ["identity", "web-1", "--enrol", "--at", "198.51.100.7"]
    assert second == [*first, "--accept", "0f3c2a"]


@pytest.mark.parametrize("answers", [(3,), (Refused("another", hint="--accept 0f3c2a"), 3)])
def test_a_machine_that_let_nobody_in_is_no_data(tmp_path: Path, answers: tuple[Any, ...]) -> None:
    with pytest.raises(NoData, match="let nobody in"):
        said(tmp_path, *answers)


def test_anything_else_is_a_failure_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="several") as caught:
        said(tmp_path, Refused("several", hint="--at ADDRESS"))
    assert caught.value.hint == "--at ADDRESS"
