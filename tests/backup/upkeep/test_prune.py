"""Deleting, interrupted everywhere: a copy is either there and whole, or does not exist."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.acceptance import Acceptance, accept, acceptances, accepted
from outlive.backup.copies.lock import Busy, only_one
from outlive.backup.copies.manifest import dump_manifest
from outlive.backup.upkeep.prune import Plan, Pruned, plan, prune
from outlive.backup.upkeep.retention import Policy
from outlive.errors import CopyDamaged, UsageError, VaultForbidden, VaultUnreachable
from outlive.model.copy import Proof, ProofRecord
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.base import ObjectInfo, Vault
from outlive.vault.memory import MemoryVault
from tests.backup.upkeep.test_retention import make

DAY = 86400
POLICY = Policy(last=2, daily=0, weekly=0, monthly=0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def vault(clock: ManualClock) -> MemoryVault:
    return MemoryVault(clock)


def fill(vault: Vault, clock: ManualClock, count: int = 6) -> None:
    """A copy a day of `db`, the last two verified."""
    for number in range(count):
        manifest = make(number).manifest
        folder = f"copies/db/{manifest.id}/"
        for file in ("files.tar.zst.age.000000", "SHA256SUMS", "RESTORE.md"):
            vault.put(folder + file, b"x" * 10)
        vault.put(folder + "manifest.json", dump_manifest(manifest))
        if number >= count - 2:
            catalog.add_proof(vault, ProofRecord(manifest.id, "db", Proof.VERIFIED, True, clock.now()))
        clock.advance(DAY)


def run(vault: Vault, clock: ManualClock, tmp_path: Path) -> tuple[Plan, Pruned]:
    return prune(vault, "db", POLICY, now=clock.now(), state=tmp_path)


def keys(vault: Vault, prefix: str = "copies/") -> list[str]:
    return [info.key for info in vault.walk(prefix)]


def ids(vault: Vault) -> list[str]:
    return [copy.id for copy in catalog.copies(vault, "db")]


def test_planning_deletes_nothing_and_needs_no_rights(vault: MemoryVault, clock: ManualClock) -> None:
    fill(vault, clock)
    before = dict(vault.objects)
    forbidden = [Fault(verb, VaultForbidden("read only"), times=None) for verb in ("put", "delete")]
    planned = plan(FaultyVault(vault, *forbidden), "db", POLICY, clock.now())
    assert [decision.id for decision in planned.going] == [f"copy-{number:04d}" for number in range(4)]
    assert vault.objects == before


def test_the_manifest_goes_first_and_a_tombstone_says_why(
    vault: MemoryVault, clock: ManualClock, tmp_path: Path
) -> None:
    fill(vault, clock)
    watched = FaultyVault(vault)
    _, done = run(watched, clock, tmp_path)
    assert done.deleted == [f"copy-{number:04d}" for number in range(4)]
    assert ids(vault) == ["copy-0004", "copy-0005"]
    assert len(keys(vault)) == 8
    of_first = [call for call in watched.calls if "copy-0000" in call[1] and call[0] in ("put", "delete")]
    assert of_first[0] == ("put", "tombstones/db/copy-0000.json")
    assert of_first[1] == ("delete", "copies/db/copy-0000/manifest.json")
    stone = json.loads(vault.get("tombstones/db/copy-0000.json"))
    assert stone["reasons"] and stone["sequence"] == 0 and stone["stored_bytes"] == 1000


def test_killed_after_any_step_the_next_run_finishes(clock: ManualClock, tmp_path: Path) -> None:
    """Every put and delete in turn is the last thing that happens; a copy that is listed is always whole."""
    steps = 4 * 5
    for step in range(steps):
        vault = MemoryVault(clock)
        fill(vault, clock)
        dying = FaultyVault(vault, *_dies_at(step))
        with pytest.raises(VaultUnreachable):
            run(dying, clock, tmp_path)
        for copy_id in ids(vault):
            assert len(keys(vault, f"copies/db/{copy_id}/")) == 4
        run(vault, clock, tmp_path)
        assert ids(vault) == ["copy-0004", "copy-0005"]
        assert len(keys(vault)) == 8, f"litter is left after step {step}"


def _dies_at(step: int) -> list[Fault]:
    """For each copy come a tombstone and four deletions. The one of that number takes effect, then all is dark."""
    copy, within = divmod(step, 5)
    dark = VaultUnreachable("power cut")
    if within == 0:
        return [Fault("put", dark, skip=copy, times=None, after_effect=True)]
    return [Fault("delete", dark, skip=copy * 4 + within - 1, times=None, after_effect=True)]


def test_what_the_vault_will_not_delete_is_reported_and_stays_whole(
    vault: MemoryVault, clock: ManualClock, tmp_path: Path
) -> None:
    fill(vault, clock)
    locked = Fault("delete", VaultForbidden("Object Lock"), times=None, key_contains="copy-0001/manifest.json")
    _, done = run(FaultyVault(vault, locked), clock, tmp_path)
    assert done.deleted == ["copy-0000", "copy-0002", "copy-0003"]
    assert [key for key, _ in done.refused] == ["copies/db/copy-0001/manifest.json"]
    assert len(keys(vault, "copies/db/copy-0001/")) == 4


def test_a_locked_part_is_reported_and_tried_again(vault: MemoryVault, clock: ManualClock, tmp_path: Path) -> None:
    fill(vault, clock)
    locked = Fault("delete", VaultForbidden("Object Lock"), times=None, key_contains="copy-0001/files.tar")
    _, done = run(FaultyVault(vault, locked), clock, tmp_path)
    assert done.refused == [("copies/db/copy-0001/files.tar.zst.age.000000", str(VaultForbidden("Object Lock")))]
    assert keys(vault, "copies/db/copy-0001/") == ["copies/db/copy-0001/files.tar.zst.age.000000"]
    _, again = run(vault, clock, tmp_path)
    assert again.cleaned == ["copies/db/copy-0001/"]
    assert keys(vault, "copies/db/copy-0001/") == []


@pytest.mark.parametrize(
    ("days_idle", "then_a_copy", "goes"),
    [(8, True, True), (6, True, False), (8, False, False)],
    ids=["old", "young", "old by our clock only"],
)
def test_litter_goes_only_when_the_vaults_clock_says_it_is_old(
    vault: MemoryVault, clock: ManualClock, tmp_path: Path, days_idle: int, then_a_copy: bool, goes: bool
) -> None:
    fill(vault, clock)
    vault.put("copies/db/unfinished/files.tar.zst.age.000000", b"half")
    clock.advance(days_idle * DAY)
    if then_a_copy:
        vault.put("copies/db/copy-0006/manifest.json", dump_manifest(make(6).manifest))
    run(vault, clock, tmp_path)
    assert bool(keys(vault, "copies/db/unfinished/")) is not goes


def test_a_vault_clock_from_the_future_makes_no_running_backup_look_old(
    vault: MemoryVault, clock: ManualClock, tmp_path: Path
) -> None:
    fill(vault, clock)
    vault.put("copies/db/running/files.tar.zst.age.000000", b"half")
    here = clock.now()
    clock.jump(1000 * DAY)
    vault.put("copies/db/copy-0006/manifest.json", dump_manifest(make(6).manifest))
    prune(vault, "db", POLICY, now=here, state=tmp_path)
    assert keys(vault, "copies/db/running/")


def test_a_tombstone_alone_makes_no_copy_litter(vault: MemoryVault, clock: ManualClock, tmp_path: Path) -> None:
    """A run was cut after the tombstone; since then the asset has an alarm, and the copy stays."""
    fill(vault, clock)
    vault.put("tombstones/db/copy-0000.json", b"{}")
    vault.put("copies/db/copy-0006/manifest.json", dump_manifest(replace(make(6).manifest, lineage="pg-9999")))
    planned, done = run(vault, clock, tmp_path)
    assert planned.litter == () and done.deleted == []
    assert "copy-0000" in ids(vault)


class FinishesMeanwhile(FaultyVault):
    """Another keeper commits the copy in `unfinished` right after it was seen to be litter."""

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        found = list(super().walk(prefix))
        if prefix == "copies/db/" and self.calls.count(("walk", prefix)) == 1:
            self.inner.put("copies/db/unfinished/manifest.json", dump_manifest(make(7).manifest))
        return iter(found)


def test_a_run_that_ends_while_we_look_is_left_alone(vault: MemoryVault, clock: ManualClock, tmp_path: Path) -> None:
    vault.put("copies/db/unfinished/files.tar.zst.age.000000", b"all")
    clock.advance(8 * DAY)
    fill(vault, clock)
    _, done = run(FinishesMeanwhile(vault), clock, tmp_path)
    assert done.cleaned == [] and len(keys(vault, "copies/db/unfinished/")) == 2


def test_nothing_is_pruned_while_the_asset_is_backed_up_here(
    vault: MemoryVault, clock: ManualClock, tmp_path: Path
) -> None:
    fill(vault, clock)
    with only_one(tmp_path / "locks", "backup of db"), pytest.raises(Busy):
        run(vault, clock, tmp_path)
    assert len(ids(vault)) == 6


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: b"{}"], ids=["cut", "empty"])
def test_an_unreadable_manifest_stops_all_pruning(
    vault: MemoryVault, clock: ManualClock, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    fill(vault, clock)
    data, info = vault.objects["copies/db/copy-0003/manifest.json"]
    vault.objects[info.key] = (damage(data), info)
    with pytest.raises(CopyDamaged):
        run(vault, clock, tmp_path)
    assert len(keys(vault)) == 24


def test_a_new_lineage_freezes_until_it_is_accepted(vault: MemoryVault, clock: ManualClock, tmp_path: Path) -> None:
    fill(vault, clock)
    new = replace(make(6).manifest, lineage="pg-9999")
    vault.put("copies/db/copy-0006/manifest.json", dump_manifest(new))
    planned, done = run(vault, clock, tmp_path)
    assert done.deleted == [] and planned.held_back == 5
    accept(vault, Acceptance("db", "pg-9999", clock.now(), "operator"))
    accept(vault, Acceptance("db", "pg-9999", clock.now() + timedelta(days=1), "somebody later"))
    assert accepted(vault, "db") == {"pg-9999"}
    assert acceptances(vault, "db")[0].by == "operator"
    _, done = run(vault, clock, tmp_path)
    assert len(done.deleted) == 5


def test_an_acceptance_that_cannot_be_read_accepts_nothing(vault: MemoryVault) -> None:
    vault.put("lineages/db/pg-1.json", b'{"at": "yesterday"')
    assert accepted(vault, "db") == frozenset()
    with pytest.raises(UsageError):
        accept(vault, Acceptance("db", "../escape", ManualClock().now(), "operator"))
