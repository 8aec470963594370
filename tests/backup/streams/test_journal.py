"""What a cut run has sent is not sent again, and the shortcut never costs correctness."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pyrage import x25519

from outlive.backup.copies import catalog
from outlive.backup.streams.journal import Journal
from outlive.backup.streams.seal import SealPolicy
from outlive.errors import ObjectMissing, OutliveError, VaultFailed, VaultForbidden, VaultUnreachable
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.local import LocalVault
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, RECOVERY, contents, policy, take_made

STREAMS = {"a": bytes(range(256)) * 20, "b": b"b" * 700}
PARTS = 6 + 1 + 1  # of a, of b, and the inventory


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


def cut_run(vault: MemoryVault, state: Path, parts: int = 4, sealed: SealPolicy | None = None) -> None:
    """A run that dies when the vault goes away, `parts` parts after its start."""
    dying = FaultyVault(vault, Fault("put", VaultUnreachable("power cut"), skip=parts, times=None))
    with pytest.raises(VaultUnreachable):
        take_made(dying, state, STREAMS, sealed=sealed or policy())


def folders(vault: MemoryVault) -> list[str]:
    return vault.folders("copies/made/")


def put_parts(watched: FaultyVault) -> list[str]:
    return [key for verb, key in watched.calls if verb == "put" and ".zst.age." in key]


def test_parts_that_are_there_are_not_sent_twice_and_the_litter_goes(vault: MemoryVault, tmp_path: Path) -> None:
    cut_run(vault, tmp_path)
    watched = FaultyVault(vault)
    taken = take_made(watched, tmp_path, STREAMS)
    assert taken.reused_parts == 4
    assert len(put_parts(watched)) == PARTS - 4
    assert folders(vault) == [taken.manifest.id]
    assert contents(vault, taken.manifest) == STREAMS
    assert list((tmp_path / "unfinished/made").iterdir()) == []


def test_a_source_that_has_changed_since_is_sent_where_it_differs(vault: MemoryVault, tmp_path: Path) -> None:
    cut_run(vault, tmp_path)
    changed = {"a": STREAMS["a"][:1000] + b"!" + STREAMS["a"][1001:], "b": STREAMS["b"]}
    taken = take_made(vault, tmp_path, changed)
    assert taken.reused_parts == 3
    assert contents(vault, taken.manifest) == changed


def test_a_run_that_was_killed_before_its_first_part_leaves_no_folder(tmp_path: Path) -> None:
    vault = LocalVault.create(tmp_path / "vault")
    (tmp_path / "unfinished/made").mkdir(parents=True)
    (tmp_path / "unfinished/made/20260207T075959Z-0123456789.jsonl").touch()
    (vault.root / "copies/made/20260207T075959Z-0123456789").mkdir(parents=True)
    taken = take_made(vault, tmp_path, STREAMS)
    assert vault.folders("copies/made/") == [taken.manifest.id]
    assert list((tmp_path / "unfinished/made").iterdir()) == []


def test_three_runs_cut_one_after_another(vault: MemoryVault, tmp_path: Path) -> None:
    for parts in (2, 1, 3):
        cut_run(vault, tmp_path, parts)
    taken = take_made(vault, tmp_path, STREAMS)
    assert taken.reused_parts >= 4
    assert folders(vault) == [taken.manifest.id]
    assert contents(vault, taken.manifest) == STREAMS


def test_after_a_change_of_keys_nothing_sealed_to_the_old_ones_is_used(vault: MemoryVault, tmp_path: Path) -> None:
    """Else a manifest would promise a key that opens nothing, or a lost key would go on opening copies."""
    cut_run(vault, tmp_path)
    new = x25519.Identity.generate()
    sealed = SealPolicy((KEY.to_public(), new.to_public()), part_bytes=1000)
    taken = take_made(vault, tmp_path, STREAMS, sealed=sealed)
    assert taken.reused_parts == 0
    assert contents(vault, taken.manifest, new) == STREAMS
    with pytest.raises(OutliveError):
        contents(vault, taken.manifest, RECOVERY)


def test_the_same_keys_in_another_order_are_the_same(vault: MemoryVault, tmp_path: Path) -> None:
    cut_run(vault, tmp_path)
    turned = SealPolicy(tuple(reversed(policy().recipients)), part_bytes=1000)
    assert take_made(vault, tmp_path, STREAMS, sealed=turned).reused_parts == 4


@pytest.mark.parametrize(
    "damage",
    [lambda text: text[:-40], lambda text: "{}\nnull\n[]\n7\n\xff" + text, lambda text: "", lambda text: "not JSON"],
    ids=["cut by a kill", "odd lines", "empty", "rubbish"],
)
def test_a_damaged_journal_costs_parts_and_nothing_else(
    vault: MemoryVault, tmp_path: Path, damage: Callable[[str], str]
) -> None:
    cut_run(vault, tmp_path)
    (file,) = (tmp_path / "unfinished/made").iterdir()
    file.write_text(damage(file.read_text()))
    taken = take_made(vault, tmp_path, STREAMS)
    assert taken.reused_parts <= 4
    assert contents(vault, taken.manifest) == STREAMS
    assert folders(vault) == [taken.manifest.id]


def test_a_part_that_has_rotted_since_is_sent_again(vault: MemoryVault, tmp_path: Path) -> None:
    cut_run(vault, tmp_path)
    rotten = next(key for key in vault.objects if key.endswith("a.zst.age.000002"))
    vault.objects[rotten] = (b"rotten" + vault.get(rotten)[6:], vault.objects[rotten][1])
    taken = take_made(vault, tmp_path, STREAMS)
    assert taken.reused_parts == 3
    assert contents(vault, taken.manifest) == STREAMS


@pytest.mark.parametrize(
    "fault",
    [
        Fault("copy", VaultFailed("it cannot copy"), times=None),
        Fault("copy", VaultUnreachable("lost answer"), times=1, after_effect=True),
        Fault("copy", ObjectMissing("gone"), times=None),
    ],
    ids=["cannot copy", "answer lost", "gone"],
)
def test_where_the_vault_cannot_copy_the_part_is_sent(vault: MemoryVault, tmp_path: Path, fault: Fault) -> None:
    cut_run(vault, tmp_path)
    taken = take_made(FaultyVault(vault, fault), tmp_path, STREAMS)
    assert taken.reused_parts < 4
    assert contents(vault, taken.manifest) == STREAMS


def test_another_vault_knows_nothing_of_it(vault: MemoryVault, tmp_path: Path) -> None:
    cut_run(vault, tmp_path)
    other = MemoryVault()
    taken = take_made(other, tmp_path, STREAMS)
    assert taken.reused_parts == 0
    assert contents(other, taken.manifest) == STREAMS


def test_a_run_that_died_right_after_its_manifest_is_a_copy_and_stays_one(vault: MemoryVault, tmp_path: Path) -> None:
    dying = FaultyVault(vault, Fault("put", VaultUnreachable("killed"), key_contains="manifest", after_effect=True))
    with pytest.raises(VaultUnreachable):
        take_made(dying, tmp_path, STREAMS)
    (first,) = catalog.copies(vault, "made")
    taken = take_made(vault, tmp_path, STREAMS)
    assert taken.reused_parts == PARTS
    assert [copy.id for copy in catalog.copies(vault, "made")] == [first.id, taken.manifest.id]
    assert contents(vault, first.manifest) == contents(vault, taken.manifest) == STREAMS


@pytest.mark.parametrize(
    ("error", "again"),
    [(VaultForbidden("may not delete"), False), (VaultUnreachable("gone"), True), (VaultFailed("odd"), True)],
    ids=["forbidden", "unreachable", "failed"],
)
def test_litter_that_cannot_be_removed_does_not_undo_the_copy(
    vault: MemoryVault, tmp_path: Path, error: OutliveError, again: bool
) -> None:
    """The credentials of a careful keeper cannot delete."""
    cut_run(vault, tmp_path)
    taken = take_made(FaultyVault(vault, Fault("delete", error, times=None)), tmp_path, STREAMS)
    assert [copy.id for copy in catalog.copies(vault, "made")] == [taken.manifest.id]
    assert len(folders(vault)) == 2
    next_one = take_made(vault, tmp_path, STREAMS)
    litter = set(folders(vault)) - {taken.manifest.id, next_one.manifest.id}
    assert (litter == set()) is again


def test_a_full_disk_at_the_keeper_stops_no_backup(vault: MemoryVault, tmp_path: Path) -> None:
    part = take_made(vault, tmp_path / "state", STREAMS).manifest.streams[0].parts[0]
    journal = Journal(vault, tmp_path, "made", "now", ["age1"])
    (descriptor,) = [
        fd for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink() and fd.readlink().name == "now.jsonl"
    ]
    with Path("/dev/full").open("a") as full:
        os.dup2(full.fileno(), int(descriptor.name))
    journal.sent(part, "digest")
    journal.finish()
    assert list((tmp_path / "made").iterdir()) == []
