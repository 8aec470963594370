"""What retention and pruning may never do to copies that build on one another."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from outlive.backup.copies import catalog, chain
from outlive.backup.copies.lineage import best_copy
from outlive.backup.copies.manifest import dump_manifest
from outlive.backup.upkeep.prune import Pruned, prune
from outlive.backup.upkeep.retention import Policy, decide
from outlive.errors import VaultForbidden, VaultUnreachable
from outlive.model.copy import Copy, Proof, ProofRecord
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.base import Vault
from outlive.vault.memory import MemoryVault
from tests.backup.chains import histories, known, member, row
from tests.backup.upkeep.test_retention import LOOSE, kept, later, policies
from tests.examples import examples

POLICY = Policy(last=1, daily=0, weekly=0, monthly=0, require_proof=False)


def test_what_a_kept_copy_builds_on_is_kept_and_the_reason_is_said() -> None:
    copies = known([*row(3), *row(3, 3)])
    verdict = decide(copies, POLICY, later(copies))
    assert kept(verdict) == {"copy-0003", "copy-0004", "copy-0005"}
    assert verdict.decisions[3].reasons == ("copy copy-0005 builds on it",)


def test_a_broken_copy_is_never_the_one_that_is_relied_on() -> None:
    """However well it was proven while its chain was whole."""
    lost = [member(0), *row(3, 1, proof=Proof.RESTORED)[1:]]
    copies = known([*lost, member(4)])
    verdict = decide(copies, LOOSE, later(copies))
    best = best_copy(copies)
    assert best and best.id == "copy-0004"
    assert [decision.reasons[0] for decision in verdict.decisions if decision.id == best.id] == ["newest copy"]


@examples(300)
@given(histories(), policies)
def test_no_kept_copy_loses_what_it_builds_on(copies: list[Copy], policy: Policy) -> None:
    verdict = decide(copies, policy, later(copies), accepted={"7000", "9999"})
    stay, there = kept(verdict), chain.by_id(copies)
    for copy in copies:
        if copy.id in stay:
            assert {one.id for one in chain.ancestors(copy.manifest, there)} <= stay
    after = known([there[copy_id] for copy_id in stay])
    assert {copy.id for copy in after if copy.broken} == {copy.id for copy in copies if copy.id in stay and copy.broken}
    best = best_copy(copies)
    assert best is None or (best.id in stay and not best.broken)


# --- deleting, interrupted everywhere -------------------------------------------------------------------------------


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def fill(vault: Vault, copies: list[Copy]) -> None:
    for copy in copies:
        folder = f"copies/db/{copy.id}/"
        for file in ("files.tar.zst.age.000000", "SHA256SUMS", "RESTORE.md"):
            vault.put(folder + file, b"x")
        vault.put(folder + "manifest.json", dump_manifest(copy.manifest))


def two_rows(clock: ManualClock) -> MemoryVault:
    """A row of three that may go, and a verified copy after it."""
    vault = MemoryVault(clock)
    fill(vault, [*row(3), member(3)])
    clock.advance(86400)
    catalog.add_proof(vault, ProofRecord("copy-0003", "db", Proof.VERIFIED, True, clock.now()))
    return vault


def run(vault: Vault, clock: ManualClock, state: Path) -> Pruned:
    return prune(vault, "db", POLICY, now=clock.now(), state=state)[1]


def test_what_builds_on_others_goes_first(clock: ManualClock, tmp_path: Path) -> None:
    done = run(two_rows(clock), clock, tmp_path)
    assert done.deleted == ["copy-0002", "copy-0001", "copy-0000"]


def test_killed_after_any_deletion_what_is_listed_is_whole(clock: ManualClock, tmp_path: Path) -> None:
    for step in range(3 * 4):
        vault = two_rows(clock)
        dark = Fault("delete", VaultUnreachable("power cut"), skip=step, times=None, after_effect=True)
        with pytest.raises(VaultUnreachable):
            run(FaultyVault(vault, dark), clock, tmp_path)
        assert not any(copy.broken for copy in catalog.copies(vault, "db")), f"after step {step}"
        run(vault, clock, tmp_path)
        assert [copy.id for copy in catalog.copies(vault, "db")] == ["copy-0003"]


@pytest.mark.parametrize("stuck", [1, 2])
def test_what_a_copy_that_cannot_be_deleted_builds_on_stays(stuck: int, clock: ManualClock, tmp_path: Path) -> None:
    vault = two_rows(clock)
    locked = Fault("delete", VaultForbidden("locked"), times=None, key_contains=f"copy-000{stuck}/manifest.json")
    done = run(FaultyVault(vault, locked), clock, tmp_path)
    left = [copy.id for copy in catalog.copies(vault, "db")]
    assert left == [f"copy-{number:04d}" for number in (*range(stuck + 1), 3)]
    assert not any(copy.broken for copy in catalog.copies(vault, "db"))
    assert ("copies/db/copy-0000/", f"copy copy-000{stuck}, which builds on it, could not be deleted") in done.refused
