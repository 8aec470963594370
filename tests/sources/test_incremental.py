"""When a copy may hold only what changed."""

from __future__ import annotations

from typing import Literal

import pytest

from outlive.sources.incremental import LARGE_BYTES, SWITCH_ON, Ability, against, cluster_bytes

LARGE = Ability(180006, True, LARGE_BYTES)
SMALL = Ability(180006, True, LARGE_BYTES - 1)
OLD = Ability(160010, False, LARGE_BYTES)
FORGETFUL = Ability(170011, False, LARGE_BYTES)


@pytest.mark.parametrize(
    ("setting", "ability", "trouble"),
    [
        ("always", LARGE, None),
        ("always", SMALL, None),
        ("auto", LARGE, None),
        ("auto", SMALL, False),
        ("never", LARGE, False),
        ("always", OLD, True),
        ("auto", OLD, False),
        ("always", FORGETFUL, True),
        ("auto", FORGETFUL, True),
    ],
)
def test_it_is_full_unless_asked_for_or_large_and_possible(
    setting: Literal["auto", "always", "never"], ability: Ability, trouble: bool | None
) -> None:
    full = against(setting, ability)
    assert (None if full is None else full.is_trouble) == trouble


def test_a_server_that_does_not_note_what_changes_is_told_the_statement() -> None:
    full = against("auto", FORGETFUL)
    assert full and SWITCH_ON in full.why


def test_databases_that_may_not_be_looked_at_have_no_size() -> None:
    assert cluster_bytes({"databases": [{"bytes": 7}, {"bytes": None}, {"bytes": 35}]}) == 42
