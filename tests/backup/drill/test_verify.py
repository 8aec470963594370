"""A verification finds every damage, says where, and notes it; it learns nothing from a vault it cannot read."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.drill.verify import examine, verify
from outlive.errors import VaultFull, VaultUnreachable, WrongKey
from outlive.model.copy import Copy, Manifest, Proof, ProofRecord
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.base import Vault
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, STRANGER, take_made

pytestmark = pytest.mark.slow

NOW = ManualClock().now()


def archive() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        entry = tarfile.TarInfo("file")
        entry.size = 3000
        tar.addfile(entry, io.BytesIO(b"x" * 3000))
    return sink.getvalue()


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def manifest(vault: MemoryVault, tmp_path: Path) -> Manifest:
    return take_made(vault, tmp_path, {"files.tar": archive(), "notes.db": b"n" * 1500}).manifest


def look(vault: Vault, *keys: object) -> ProofRecord:
    (copy,) = catalog.copies(vault, "made")
    return examine(vault, copy.manifest, list(keys), NOW)


def red(record: ProofRecord) -> list[str]:
    return [check.name for check in record.checks if not check.ok]


@pytest.mark.parametrize("keys", [(), (KEY,)], ids=["bytes only", "opened"])
def test_a_whole_copy_is_green_and_the_proof_is_kept(
    vault: MemoryVault, manifest: Manifest, keys: tuple[object, ...]
) -> None:
    (copy,) = catalog.copies(vault, "made")
    told: list[ProofRecord] = []
    record = verify(vault, copy, list(keys), now=NOW, tell=told.append)
    assert record.ok and told == [record]
    (after,) = catalog.copies(vault, "made")
    assert after.proofs == (record,) and after.proof is Proof.VERIFIED


def _flip(data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 4]) + data[101:]


DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "flipped": _flip,
    "cut": lambda data: data[:-1],
    "longer": lambda data: data + b"x",
    "empty": lambda data: b"",
    "gone": lambda data: None,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("keys", [(), (KEY,)], ids=["bytes only", "opened"])
def test_every_object_of_a_copy_is_looked_at(
    vault: MemoryVault, manifest: Manifest, damage: Callable[[bytes], bytes | None], keys: tuple[object, ...]
) -> None:
    """Each part and SHA256SUMS in turn. (RESTORE.md is words; a test executes them.)"""
    folder = f"copies/made/{manifest.id}/"
    names = {part.file: stream.name for stream in manifest.streams for part in stream.parts}
    for file, check in {**names, "SHA256SUMS": "SHA256SUMS"}.items():
        whole = vault.objects[folder + file]
        changed = damage(whole[0])
        if changed is None:
            vault.delete(folder + file)
        else:
            vault.objects[folder + file] = (changed, whole[1])
        assert red(look(vault, *keys)) == [check]
        vault.objects[folder + file] = whole
    assert look(vault, *keys).ok


def test_what_lies_there_and_is_not_named_is_found(vault: MemoryVault, manifest: Manifest) -> None:
    """A hand restore puts every file of that name together."""
    vault.put(f"copies/made/{manifest.id}/files.tar.zst.age.000099", b"foreign")
    assert red(look(vault)) == ["folder"]


@pytest.mark.parametrize("end", [512, 1024, 1500], ids=["one block", "both blocks", "within"])
def test_a_tar_that_was_cut_before_it_was_sealed(vault: MemoryVault, tmp_path: Path, end: int) -> None:
    whole = archive().rstrip(b"\0")
    cut = whole + bytes(-len(whole) % 512)
    take_made(vault, tmp_path, {"files.tar": cut + bytes(1024 - end) if end < 1024 else cut[:-1]})
    assert look(vault).ok, "its bytes are as written"
    assert red(look(vault, KEY)) == ["files.tar"]


def test_a_red_verification_takes_an_earlier_proof_away(vault: MemoryVault, manifest: Manifest) -> None:
    clock = ManualClock()
    (copy,) = catalog.copies(vault, "made")
    verify(vault, copy, [KEY], now=clock.now())
    vault.delete(f"copies/made/{manifest.id}/{manifest.streams[0].parts[0].file}")
    clock.advance(1)
    verify(vault, copy, [KEY], now=clock.now())
    (after,) = catalog.copies(vault, "made")
    assert after.is_damaged and after.proof is Proof.STORED


@pytest.mark.parametrize("error", [VaultUnreachable("gone"), None], ids=["unreachable", "wrong key"])
def test_where_nothing_was_learned_nothing_is_noted(
    vault: MemoryVault, manifest: Manifest, error: Exception | None
) -> None:
    (copy,) = catalog.copies(vault, "made")
    faulty = FaultyVault(vault, Fault("get", error, skip=2)) if error else vault
    with pytest.raises(type(error) if error else WrongKey):
        verify(faulty, copy, [STRANGER if error is None else KEY], now=NOW)
    assert list(vault.walk("proofs/")) == []


def test_what_was_found_is_told_even_when_it_cannot_be_noted(vault: MemoryVault, manifest: Manifest) -> None:
    """The vault is full: that a copy is damaged must not be lost over it."""
    vault.delete(f"copies/made/{manifest.id}/SHA256SUMS")
    told: list[ProofRecord] = []
    copy = Copy(manifest, NOW)
    with pytest.raises(VaultFull):
        verify(FaultyVault(vault, Fault("put", VaultFull("full"))), copy, [KEY], now=NOW, tell=told.append)
    assert red(told[0]) == ["SHA256SUMS"]
