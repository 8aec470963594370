"""When the schedules of a Temporal server that was brought back must wait: whenever the old one may still start them."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.recovery.steps.base import Inputs
from outlive.recovery.two_servers import why_two

OLD = "ssh://root@203.0.113.9"
LOST = {"verdict": "machine_replaced", "confirmed": True, "still_answers": []}


def why(*facts: dict[str, Any], rehearsal: bool = False) -> str:
    found = {f"step {number}": one for number, one in enumerate(facts)}
    return why_two(Inputs("run", "it", {}, found), OLD, rehearsal=rehearsal)


@pytest.mark.parametrize("facts", [LOST, {"stopped_at": "x", "stopped_on": OLD}, {"quarantined": "700101"}])
def test_it_is_known_to_be_off(facts: dict[str, Any]) -> None:
    assert why(facts) == ""
    assert "rehearsal" in why(facts, rehearsal=True)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "nobody knows"),
        (LOST | {"confirmed": False}, "not confirmed"),
        (LOST | {"verdict": "unreachable_unproven"}, "unreachable_unproven"),
        (LOST | {"verdict": "same_machine_ok"}, "same_machine_ok"),
        (LOST | {"still_answers": ["203.0.113.9"]}, "203.0.113.9 still answers"),
        ({"stopped_at": "x", "stopped_on": "ssh://root@198.51.100.7"}, "nobody knows"),
    ],
)
def test_silence_and_a_written_word_are_no_proof(facts: dict[str, Any], said: str) -> None:
    assert said in why(facts)


def test_one_that_answered_and_was_switched_off_since_is_off() -> None:
    assert why(LOST | {"still_answers": ["203.0.113.9"]}, {"quarantined": "700101"}) == ""
