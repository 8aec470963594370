"""A copy exists when its manifest does, and then all of it is there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.lock import Busy, StateUnusable, only_one
from outlive.backup.streams.unseal import unseal_all
from outlive.backup.take import take
from outlive.errors import OutliveError, SourceFailed, VaultFailed
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.memory import MemoryVault
from tests.backup.made import ASSET, KEY, Made, contents, policy, take_made

STREAMS = {"a": b"a" * 2500, "b.sql": b""}


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


def test_a_copy_from_end_to_end(vault: MemoryVault, tmp_path: Path) -> None:
    taken = take_made(vault, tmp_path, STREAMS)
    manifest = taken.manifest
    (copy,) = catalog.copies(vault, "made")
    assert copy.manifest == manifest
    assert (manifest.asset, manifest.host, manifest.kind, manifest.lineage) == ("made", "web-1", "config", "made-1")
    assert [stream.name for stream in manifest.streams] == ["a", "b.sql", "inventory.json"]
    assert contents(vault, manifest) == STREAMS
    inventory = manifest.stream("inventory.json")
    assert inventory and json.loads(unseal_all(vault, manifest, inventory, [KEY])) == {"names": ["a", "b.sql"]}
    assert manifest.source == {"made": True, "lineage": {"made": "yes"}}


def test_the_manifest_comes_last_and_after_all_parts(vault: MemoryVault, tmp_path: Path) -> None:
    watched = FaultyVault(vault)
    take_made(watched, tmp_path, STREAMS)
    put = [key.rpartition("/")[2] for verb, key in watched.calls if verb == "put"]
    assert put[-3:] == ["SHA256SUMS", "RESTORE.md", "manifest.json"]
    assert len(put) == 3 + 3 + 1 + 1


def test_sha256sums_is_true(vault: MemoryVault, tmp_path: Path) -> None:
    manifest = take_made(vault, tmp_path, STREAMS).manifest
    folder = f"copies/made/{manifest.id}/"
    lines = vault.get(f"{folder}SHA256SUMS").decode().splitlines()
    for line in lines:
        digest, file = line.split("  ")
        assert hashlib.sha256(vault.get(folder + file)).hexdigest() == digest
    assert len(lines) == sum(len(stream.parts) for stream in manifest.streams)


@pytest.mark.parametrize("file", ["SHA256SUMS", "RESTORE.md", "manifest.json"])
def test_a_vault_that_garbles_the_last_small_files_gets_no_copy(vault: MemoryVault, tmp_path: Path, file: str) -> None:
    garbling = FaultyVault(vault, Fault("put", damage=lambda data: data[:-1], key_contains=file))
    with pytest.raises(VaultFailed, match=file):
        take_made(garbling, tmp_path, STREAMS)
    listing = catalog.listing(vault, "made")
    assert listing.copies == () and listing.unreadable == ()


@pytest.mark.parametrize("breaks", [SourceFailed("pg_dump died"), RuntimeError("a bug")], ids=["ours", "a bug"])
def test_a_source_that_breaks_leaves_no_copy_and_is_closed(
    vault: MemoryVault, tmp_path: Path, breaks: Exception
) -> None:
    source = Made(STREAMS, breaks=breaks)
    with pytest.raises(type(breaks)):
        take(ASSET, source, vault, policy(), state=tmp_path, clock=ManualClock())
    assert catalog.copies(vault, "made") == []
    assert not source.is_open


def test_two_at_once_are_one_and_a_refusal(vault: MemoryVault, tmp_path: Path) -> None:
    with only_one(tmp_path / "locks", "backup of made"), pytest.raises(Busy):
        take_made(vault, tmp_path, STREAMS)
    assert vault.objects == {}
    take_made(vault, tmp_path, STREAMS)


def test_the_lock_is_free_after_a_failure(vault: MemoryVault, tmp_path: Path) -> None:
    with pytest.raises(SourceFailed):
        take_made(vault, tmp_path, STREAMS, breaks=SourceFailed("x"))
    take_made(vault, tmp_path, STREAMS)


@pytest.mark.parametrize("blocked", ["locks", "unfinished"])
def test_a_state_folder_that_cannot_be_written_is_said_so(vault: MemoryVault, tmp_path: Path, blocked: str) -> None:
    (tmp_path / blocked).write_text("a file where a folder must be")
    with pytest.raises(StateUnusable) as caught:
        take_made(vault, tmp_path, STREAMS)
    assert blocked in str(caught.value) and "keeper.state" in caught.value.hint
    assert vault.objects == {}


def test_every_error_is_one_of_ours(vault: MemoryVault, tmp_path: Path) -> None:
    assert issubclass(Busy, OutliveError) and issubclass(StateUnusable, OutliveError)
    assert Busy.exit_code == StateUnusable.exit_code == 5
