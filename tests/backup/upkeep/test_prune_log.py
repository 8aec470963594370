"""Log deleted behind the copies, cut anywhere: what stays can be replayed as before, and the next run ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.layout import MANIFEST, copy_folder
from outlive.backup.copies.manifest import dump_manifest
from outlive.backup.restore.recover_to import windows
from outlive.backup.upkeep.mirror import mirror
from outlive.backup.upkeep.prune import Plan, Pruned, plan, prune
from outlive.backup.upkeep.retention import Policy
from outlive.errors import OutliveError, VaultForbidden, VaultUnreachable
from outlive.model.copy import Manifest, Proof, ProofRecord
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.base import Vault
from outlive.vault.lock_rule import LockMode, LockRule
from outlive.vault.memory import MemoryVault
from tests.backup import made_wal
from tests.backup.made_wal import BEGIN, CLUSTER, SEGMENT, T0

DAY = 86400
NEWEST = Policy(last=1, daily=0, weekly=0, monthly=0)
PAGE = 8192


class Locked(MemoryVault):
    """A vault that keeps some objects locked."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.rule = LockRule(30, LockMode.COMPLIANCE, lambda key: 30, "locked")
        self.held: dict[str, datetime] = {}

    def locked_until(self, key: str) -> tuple[datetime, LockMode] | None:
        return (self.held[key], LockMode.COMPLIANCE) if key in self.held else None


def put_copy(vault: Vault, number: int, begin: int, lineage: str = f"pg-{CLUSTER}") -> Manifest:
    made = made_wal.base(begin).manifest
    moment = T0 + timedelta(seconds=begin // PAGE)
    manifest = replace(
        made,
        id=f"copy-{number}",
        sequence=number,
        lineage=lineage,
        started_at=moment,
        data_until=moment,
        finished_at=moment,
    )
    vault.put(copy_folder("db", manifest.id) + MANIFEST, dump_manifest(manifest))
    catalog.add_proof(vault, ProofRecord(manifest.id, "db", Proof.VERIFIED, True, moment))
    return manifest


def fill(vault: Vault) -> None:
    """Three copies, two segments apart, and six and a half segments of log: the last one in pieces, with a mark."""
    for number in range(3):
        put_copy(vault, number + 1, BEGIN + 2 * number * SEGMENT)
    ends = [BEGIN + number * SEGMENT for number in range(1, 7)]
    made_wal.log(vault, [*ends, ends[-1] + 4 * PAGE, ends[-1] + 9 * PAGE])
    made_wal.put(vault, ends[-1] + 9 * PAGE, ends[-1] + 9 * PAGE)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def vault(clock: ManualClock) -> Locked:
    vault = Locked(clock)
    fill(vault)
    return vault


def run(vault: Vault, clock: ManualClock, state: Path, policy: Policy = NEWEST) -> tuple[Plan, Pruned]:
    return prune(vault, "db", policy, now=clock.now(), state=state)


def log_keys(vault: Vault) -> list[str]:
    return [info.key for info in vault.walk("wal/")]


def test_log_goes_with_the_copies_that_needed_it(vault: Locked, clock: ManualClock, tmp_path: Path) -> None:
    before, keys = windows(vault, catalog.copies(vault, "db")), log_keys(vault)
    planned = plan(vault, "db", NEWEST, clock.now())
    (branch,) = planned.log
    assert log_keys(vault) == keys, "planning deletes nothing"
    _, done = run(vault, clock, tmp_path)
    assert done.deleted == ["copy-1", "copy-2"] and done.log_objects == len(branch.going) == 3
    assert log_keys(vault) == keys[3:], "the segment before the newest copy is the one in which it begins"
    assert windows(vault, catalog.copies(vault, "db")) == before[2:]
    _, again = run(vault, clock, tmp_path)
    assert again.log_objects == 0


def test_a_copy_that_is_kept_keeps_its_window(vault: Locked, clock: ManualClock, tmp_path: Path) -> None:
    keys = log_keys(vault)
    run(vault, clock, tmp_path, Policy(last=3, daily=0, weekly=0, monthly=0))
    assert log_keys(vault) == keys


def test_a_copy_that_the_vault_would_not_delete_keeps_its_log(
    vault: Locked, clock: ManualClock, tmp_path: Path
) -> None:
    before = windows(vault, catalog.copies(vault, "db"))
    forbidden = Fault("delete", VaultForbidden("no"), times=None, key_contains="copy-1/manifest.json")
    _, done = run(FaultyVault(vault, forbidden), clock, tmp_path)
    assert done.deleted == ["copy-2"] and done.log_objects == 0
    assert windows(vault, catalog.copies(vault, "db")) == [before[0], before[2]]


def test_while_a_new_lineage_is_not_accepted_all_log_stays(vault: Locked, clock: ManualClock, tmp_path: Path) -> None:
    put_copy(vault, 4, BEGIN, lineage="pg-9")
    keys = log_keys(vault)
    planned, done = run(vault, clock, tmp_path)
    assert planned.frozen and done.log_objects == 0 and log_keys(vault) == keys
    assert planned.log[0].reasons == planned.frozen


def test_a_locked_object_is_not_even_tried(vault: Locked, clock: ManualClock, tmp_path: Path) -> None:
    keys = log_keys(vault)
    vault.held[keys[1]] = clock.now() + timedelta(days=3)
    planned, done = run(vault, clock, tmp_path)
    assert "1 objects would go but are locked" in planned.log[0].reasons[-1]
    assert done.log_objects == 2 and log_keys(vault) == [keys[1], *keys[3:]] and done.locked == {}
    clock.advance(4 * DAY)
    _, later = run(vault, clock, tmp_path)
    assert later.log_objects == 1


def test_a_vault_that_refuses_is_not_asked_for_every_object(vault: Locked, clock: ManualClock, tmp_path: Path) -> None:
    keys = log_keys(vault)
    forbidden = Fault("delete", VaultForbidden("no"), times=None, key_contains="wal/")
    _, done = run(FaultyVault(vault, forbidden), clock, tmp_path)
    assert [key for key, _ in done.refused] == keys[:1] and log_keys(vault) == keys


def test_cut_at_any_call_the_next_run_ends_it_and_no_window_is_shorter(clock: ManualClock, tmp_path: Path) -> None:
    clean = MemoryVault(clock)
    fill(clean)
    filled = dict(clean.objects)
    wanted = windows(clean, catalog.copies(clean, "db"))[2:]
    watched = FaultyVault(clean)
    run(watched, clock, tmp_path)
    for verb in ("walk", "folders", "get", "put", "delete"):
        for position in range(sum(one == verb for one, _ in watched.calls)):
            for after_effect in (False, True):
                vault = MemoryVault(clock)
                vault.objects.update(filled)
                dark = Fault(verb, VaultUnreachable("power cut"), skip=position, times=None, after_effect=after_effect)
                with pytest.raises(OutliveError):
                    run(FaultyVault(vault, dark), clock, tmp_path)
                assert windows(vault, catalog.copies(vault, "db"))[-1:] == wanted, f"{verb} {position}"
                run(vault, clock, tmp_path)
                assert vault.objects.keys() == clean.objects.keys(), f"{verb} {position}"


def test_an_old_lineage_that_was_given_up_goes_with_its_log(vault: Locked, clock: ManualClock, tmp_path: Path) -> None:
    put_copy(vault, 4, BEGIN, lineage="pg-9")
    vault.put("lineages/db/pg-9.json", b'{"at": "2026-02-07T08:15:00Z", "by": "operator"}')
    clock.advance(8 * DAY)
    vault.put(f"wal/db/pg-9/000000010000000000000003.{T0 + timedelta(days=8):%Y%m%dT%H%M%S}000Z.zst.age", b"x")
    old = f"pg-{CLUSTER}"
    planned, done = prune(vault, "db", NEWEST, now=clock.now(), state=tmp_path, forgotten=[old])
    assert "copy-3" in done.deleted and planned.frozen == ()
    assert [key for key in log_keys(vault) if old in key] == [] and len(log_keys(vault)) == 1


def test_what_the_mirrors_pruning_deleted_is_not_brought_again(
    vault: Locked, clock: ManualClock, tmp_path: Path
) -> None:
    target = MemoryVault(clock)
    for copy in catalog.copies(vault, "db")[2:]:
        put_copy(target, copy.manifest.sequence, BEGIN + 4 * SEGMENT)
    for number in (1, 2):
        target.put(f"tombstones/db/copy-{number}.json", b"{}")
    mirror(vault, target, "db")
    assert log_keys(target) == log_keys(vault)[3:]
    _, done = run(target, clock, tmp_path)
    assert done.log_objects == 0
