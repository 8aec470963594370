"""What there is, read from the vault alone; what cannot be read is told and hides nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.manifest import dump_manifest
from outlive.errors import CopyDamaged, UsageError, VaultUnreachable
from outlive.model.copy import Manifest, Proof, ProofRecord
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.memory import MemoryVault
from tests.backup.made import take_made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def vault(clock: ManualClock) -> MemoryVault:
    return MemoryVault(clock)


@pytest.fixture
def taken(vault: MemoryVault, clock: ManualClock, tmp_path: Path) -> list[Manifest]:
    """Three copies, a minute apart."""
    found = []
    for number in range(3):
        found.append(take_made(vault, tmp_path, {"a": bytes([number]) * 500}, clock=clock).manifest)
        clock.advance(60)
    return found


def ids(vault: MemoryVault) -> list[str]:
    return [copy.id for copy in catalog.listing(vault, "made").copies]


def overwrite(vault: MemoryVault, key: str, data: bytes) -> None:
    vault.objects[key] = (data, vault.objects[key][1])


def test_copies_come_in_the_order_of_their_commits(vault: MemoryVault, taken: list[Manifest]) -> None:
    assert ids(vault) == [manifest.id for manifest in taken]
    assert [copy.manifest for copy in catalog.copies(vault, "made")] == taken
    assert catalog.assets(vault) == ["made"]


def test_a_clock_that_was_set_back_changes_no_order(vault: MemoryVault, clock: ManualClock, tmp_path: Path) -> None:
    first = take_made(vault, tmp_path, {"a": b"1"}, clock=clock).manifest
    clock.jump(-86400)
    second = take_made(vault, tmp_path, {"a": b"2"}, clock=clock).manifest
    assert second.id < first.id
    assert ids(vault) == [first.id, second.id]


def test_what_has_no_manifest_is_no_copy(vault: MemoryVault, taken: list[Manifest]) -> None:
    vault.put("copies/made/20260101T000000Z-aaaaaaaaaa/a.zst.age.000000", b"litter")
    vault.put("copies/stray-object", b"litter")
    vault.put("copies/made/stray-object", b"litter")
    vault.put("copies/Not A Name/x/manifest.json", b"{}")
    assert ids(vault) == [manifest.id for manifest in taken]
    assert catalog.assets(vault) == ["made"]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[:-30],
    "empty": lambda data: b"",
    "not text": lambda data: b"\xff" * 40,
    "another format": lambda data: data.replace(b"outlive-copy/1", b"outlive-copy/2"),
    "an unknown key": lambda data: data.replace(b'"id"', b'"new": 1,\n "id"', 1),
    "another asset's": lambda data: data.replace(b'"asset": "made"', b'"asset": "mode"', 1),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_one_bad_manifest_hides_no_other_copy_and_is_told(
    vault: MemoryVault, taken: list[Manifest], damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    """On the worst of days one rotten object must not stand before all the others."""
    bad = f"copies/made/{taken[1].id}/manifest.json"
    before = vault.get(bad)
    overwrite(vault, bad, damage(before))
    assert vault.get(bad) != before
    listing = catalog.listing(vault, "made")
    assert [copy.id for copy in listing.copies] == [taken[0].id, taken[2].id]
    assert [one.key for one in listing.unreadable] == [bad]
    with pytest.raises(CopyDamaged, match=bad):
        catalog.copies(vault, "made")
    with pytest.raises(CopyDamaged):
        catalog.find(vault, taken[1].id)
    assert catalog.find(vault, taken[2].id).id == taken[2].id
    assert take_made(vault, tmp_path, {"a": b"new"}).manifest.sequence == 5


def test_a_new_copy_comes_after_all_also_when_the_newest_manifest_is_bad(
    vault: MemoryVault, taken: list[Manifest], tmp_path: Path
) -> None:
    overwrite(vault, f"copies/made/{taken[2].id}/manifest.json", b"{")
    assert take_made(vault, tmp_path, {"a": b"new"}).manifest.sequence == 4


def test_a_whole_copy_put_in_the_place_of_another(vault: MemoryVault, taken: list[Manifest]) -> None:
    overwrite(vault, f"copies/made/{taken[0].id}/manifest.json", dump_manifest(taken[1]))
    (bad,) = catalog.listing(vault, "made").unreadable
    assert "foreign place" in str(bad)


def test_an_unreachable_vault_is_no_empty_one(vault: MemoryVault, taken: list[Manifest]) -> None:
    for verb in ("folders", "walk", "get"):
        with pytest.raises(VaultUnreachable):
            catalog.listing(FaultyVault(vault, Fault(verb, VaultUnreachable("gone"))), "made")


@pytest.fixture
def record(taken: list[Manifest], clock: ManualClock) -> ProofRecord:
    return ProofRecord(taken[1].id, "made", Proof.VERIFIED, True, clock.now())


def test_proofs_lie_beside_their_copy(vault: MemoryVault, taken: list[Manifest], record: ProofRecord) -> None:
    red = replace(record, ok=False, at=record.at + timedelta(seconds=1))
    for proof in (red, record, record):  # twice the same: it is there
        catalog.add_proof(vault, proof)
    one, proven, other = catalog.copies(vault, "made")
    assert proven.proofs == (record, red) and proven.is_damaged
    assert one.proofs == other.proofs == ()


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data.replace(b'"made"', b'"mode"')])
def test_a_bad_proof_proves_nothing_and_is_told(
    vault: MemoryVault, record: ProofRecord, damage: Callable[[bytes], bytes]
) -> None:
    catalog.add_proof(vault, record)
    (key,) = [info.key for info in vault.walk("proofs/")]
    overwrite(vault, key, damage(vault.get(key)))
    listing = catalog.listing(vault, "made")
    assert len(listing.copies) == 3 and all(copy.proof is Proof.STORED for copy in listing.copies)
    assert [one.key for one in listing.unreadable] == [key]


def test_a_copy_is_found_by_the_beginning_of_its_id(vault: MemoryVault, taken: list[Manifest]) -> None:
    assert catalog.find(vault, taken[0].id[:-2]).id == taken[0].id
    for none_or_many in ("2026", "", "nothing", taken[0].id + "0"):
        with pytest.raises(UsageError) as caught:
            catalog.find(vault, none_or_many)
        assert caught.value.exit_code == 2


def test_a_whole_id_is_meant_even_when_others_begin_with_it(vault: MemoryVault, taken: list[Manifest]) -> None:
    longer = replace(taken[0], id=taken[0].id + "00")
    vault.put(f"copies/made/{longer.id}/manifest.json", dump_manifest(longer))
    assert catalog.find(vault, taken[0].id).id == taken[0].id
