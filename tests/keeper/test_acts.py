"""Each act looks first: whether a copy, a drill, a re-reading since the run was asked for is there already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.manifest import dump_manifest
from outlive.keeper.acts import acts, copy_since, drill_since, least_looked_at
from outlive.keeper.children import StepEnded
from outlive.keeper.outcomes import NOT_PROVEN
from outlive.model.copy import Proof, ProofRecord
from outlive.vault.memory import MemoryVault
from tests.backup.chains import row
from tests.keeper.vaults import put_copy

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Doing:
    """Stands where the processes are: remembers what it was told to run."""

    def __init__(self) -> None:
        self.told: list[tuple[list[str], float]] = []

    def run(self, argv: Sequence[str], timeout_seconds: float) -> dict[str, Any]:
        self.told.append((list(argv), timeout_seconds))
        return {"exit_code": 0, "document": {}}


def proof(copy: str, level: Proof, at: datetime, *, ok: bool = True) -> ProofRecord:
    return ProofRecord(copy=copy, asset="db", level=level, ok=ok, at=at)


def args(since: datetime, *argv: str) -> dict[str, Any]:
    return {"asset": "db", "since": since.isoformat(), "argv": list(argv)}


def test_a_copy_begun_since_is_found_an_earlier_one_is_not() -> None:
    vault = MemoryVault()
    put_copy(vault, "db", "one", started_at=NOON - HOUR)
    assert copy_since(vault, "db", NOON.isoformat()) is None
    put_copy(vault, "db", "two", started_at=NOON, sequence=2)
    assert copy_since(vault, "db", NOON.isoformat()) == "two"
    assert copy_since(vault, "other", NOON.isoformat()) is None


def test_a_drill_since_is_found_whatever_came_out() -> None:
    vault = MemoryVault()
    put_copy(vault, "db", "one", started_at=NOON - HOUR)
    catalog.add_proof(vault, proof("one", Proof.VERIFIED, NOON + HOUR))
    catalog.add_proof(vault, proof("one", Proof.RESTORED, NOON - HOUR))
    assert drill_since(vault, "db", NOON.isoformat()) is None
    catalog.add_proof(vault, proof("one", Proof.RESTORED, NOON, ok=False))
    assert drill_since(vault, "db", NOON.isoformat()) == "one"


def test_a_backup_is_taken_once() -> None:
    vault, doing = MemoryVault(), Doing()
    act = acts(doing, vault)["backup"]
    assert act(args(NOON, "backup", "db"), 7)["exit_code"] == 0
    assert doing.told == [(["backup", "db"], 7)]
    put_copy(vault, "db", "one", started_at=NOON + HOUR)
    assert act(args(NOON, "backup", "db"), 7) == {"already": "one"}
    assert len(doing.told) == 1


def test_an_unreadable_manifest_beside_it_stops_no_backup() -> None:
    vault, doing = MemoryVault(), Doing()
    vault.put("copies/db/rotten/manifest.json", b"no json")
    assert acts(doing, vault)["backup"](args(NOON, "backup", "db"), 7)["exit_code"] == 0


def test_the_copy_that_was_looked_at_longest_ago_is_read_again() -> None:
    vault, doing = MemoryVault(), Doing()
    for number, name in enumerate("abc", 1):
        put_copy(vault, "db", name, started_at=NOON, sequence=number)
    act = acts(doing, vault)["verify"]
    for week, expected in enumerate("abcab"):
        now = NOON + timedelta(weeks=week)
        act(args(now), 7)
        assert doing.told[-1] == (["verify", expected, "--bytes-only"], 7)
        catalog.add_proof(vault, proof(expected, Proof.VERIFIED, now))
        assert act(args(now), 7) == {"already": expected}


def test_of_copies_that_build_on_one_another_the_last_is_read_and_with_it_all() -> None:
    vault, doing = MemoryVault(), Doing()
    for copy in row(3):
        vault.put(f"copies/db/{copy.id}/manifest.json", dump_manifest(copy.manifest))
    acts(doing, vault)["verify"](args(NOON), 7)
    assert doing.told == [(["verify", "copy-0002", "--bytes-only"], 7)]


def test_what_is_known_to_be_damaged_is_not_read_again() -> None:
    vault, doing = MemoryVault(), Doing()
    put_copy(vault, "db", "a", started_at=NOON)
    catalog.add_proof(vault, proof("a", Proof.VERIFIED, NOON, ok=False))
    assert least_looked_at(catalog.listing(vault, "db").copies) is None
    assert "nothing" in acts(doing, vault)["verify"](args(NOON + HOUR), 7)
    assert doing.told == []


def test_a_drill_that_cannot_be_carried_out_does_not_take_the_copy_again() -> None:
    class Failing(Doing):
        def run(self, argv: Sequence[str], timeout_seconds: float) -> dict[str, Any]:
            raise StepEnded("no programs of that major")

    vault = MemoryVault()
    assert "no programs" in acts(Failing(), vault)["prove"](args(NOON, "drill", "db"), 7)[NOT_PROVEN]
    with pytest.raises(StepEnded):
        acts(Failing(), vault)["drill"](args(NOON, "drill", "db"), 7)
