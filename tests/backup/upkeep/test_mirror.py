"""The mirror holds what the vault holds, as long as that is what was written; it loses nothing with the vault."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.acceptance import Acceptance, accept, accepted
from outlive.backup.copies.manifest import dump_manifest
from outlive.backup.drill.verify import verify
from outlive.backup.upkeep.mirror import Mirrored, mirror
from outlive.backup.upkeep.prune import prune
from outlive.backup.upkeep.retention import Policy
from outlive.errors import VaultFull, VaultUnreachable
from outlive.model.copy import Check, Copy, Manifest, Proof, ProofRecord
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.base import Vault
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, contents, policy, take_made

pytestmark = pytest.mark.slow

STREAMS = {"a": random.Random(1).randbytes(5000), "b": b"b" * 700}


class World:
    """A vault with two copies of `made`, and an empty mirror."""

    def __init__(self, state: Path) -> None:
        self.state, self.clock = state, ManualClock()
        self.vault, self.target = MemoryVault(self.clock), MemoryVault(self.clock)
        for _ in range(2):
            self.take()

    def take(self) -> Manifest:
        manifest = take_made(self.vault, self.state, STREAMS, clock=self.clock, sealed=policy(1000)).manifest
        self.clock.advance(60)
        return manifest

    def run(self, source: Vault | None = None, target: Vault | None = None) -> Mirrored:
        return mirror(source or self.vault, target or self.target, "made", [KEY])

    def copies(self, vault: Vault) -> list[Copy]:
        return catalog.copies(vault, "made")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def objects(vault: MemoryVault, prefix: str = "") -> dict[str, bytes]:
    return {key: data for key, (data, _) in vault.objects.items() if key.startswith(prefix)}


def spoil(vault: MemoryVault, key: str) -> None:
    data, info = vault.objects[key]
    vault.objects[key] = (data[:-1] + bytes([data[-1] ^ 1]), info)


def first_part(manifest: Manifest) -> str:
    return f"copies/made/{manifest.id}/{manifest.streams[0].parts[0].file}"


def test_it_holds_the_same_objects(world: World) -> None:
    verify(world.vault, world.copies(world.vault)[0], [KEY], now=world.clock.now())
    accept(world.vault, Acceptance("made", "made-1", world.clock.now(), "somebody"))
    done = world.run()
    assert (len(done.copies), done.present, done.held_back) == (2, 0, [])
    assert objects(world.target) == objects(world.vault)
    assert done.objects == len(world.target.objects) and done.bytes == sum(map(len, objects(world.target).values()))
    assert world.copies(world.target)[0].proof is Proof.VERIFIED
    assert accepted(world.target, "made") == {"made-1"}
    assert contents(world.target, world.copies(world.target)[1].manifest) == STREAMS


def test_again_it_has_nothing_to_do_and_then_only_what_is_new(world: World) -> None:
    world.run()
    again = world.run()
    assert (again.copies, again.present, again.objects) == ([], 2, 0)
    new = world.take()
    target = FaultyVault(world.target)
    assert world.run(target=target).copies == [new.id]
    assert {verb for verb, _ in target.calls} <= {"folders", "walk", "get", "put", "holds"}, "nothing is deleted"


def test_the_newest_copy_comes_first(world: World) -> None:
    newest = world.copies(world.vault)[-1].id
    full = FaultyVault(world.target, Fault("put", VaultFull("full"), skip=10, times=None))
    with pytest.raises(VaultFull):
        world.run(target=full)
    assert [copy.id for copy in world.copies(world.target)] == [newest]


def test_what_has_rotted_is_held_back_and_said(world: World) -> None:
    older, newer = (copy.manifest for copy in world.copies(world.vault))
    spoil(world.vault, first_part(newer))
    done = world.run()
    assert done.copies == [older.id]
    ((key, why),) = done.held_back
    assert key == f"copies/made/{newer.id}/" and "SHA-256 differs" in why
    assert [copy.id for copy in world.copies(world.target)] == [older.id]
    assert world.run().held_back == done.held_back, "as long as it is so"


def test_what_rots_later_does_not_reach_the_mirror(world: World) -> None:
    world.run()
    before = objects(world.target)
    for key in world.vault.objects:
        spoil(world.vault, key)
    assert world.run().held_back != []
    assert objects(world.target) == before


@pytest.mark.parametrize("file", ["SHA256SUMS", "manifest.json"])
def test_small_objects_are_looked_at_too(world: World, file: str) -> None:
    newer = world.copies(world.vault)[-1].manifest
    spoil(world.vault, f"copies/made/{newer.id}/{file}")
    done = world.run()
    assert len(done.copies) == 1 and file in str(done.held_back)


def test_a_restore_md_that_has_rotted_is_written_anew(world: World) -> None:
    newer = world.copies(world.vault)[-1].manifest
    key = f"copies/made/{newer.id}/RESTORE.md"
    right = world.vault.get(key)
    spoil(world.vault, key)
    world.run()
    assert world.target.get(key) == right


def test_two_manifests_of_one_copy_are_told(world: World) -> None:
    """Somebody has rewritten one, sums and all."""
    world.run()
    copy = world.copies(world.vault)[-1]
    key = f"copies/made/{copy.id}/manifest.json"
    before = world.target.get(key)
    world.vault.delete(key)
    world.vault.put(key, dump_manifest(replace(copy.manifest, host="elsewhere")))
    assert world.run().held_back == [(key, "the mirror has another manifest of this copy; one of the two was changed")]
    assert world.target.get(key) == before


def test_an_emptied_vault_empties_nothing(world: World) -> None:
    world.run()
    before = objects(world.target)
    for key in list(world.vault.objects):
        world.vault.delete(key)
    world.run()
    assert objects(world.target) == before


def test_what_the_mirrors_own_pruning_deleted_does_not_come_back(world: World, tmp_path: Path) -> None:
    world.run()
    for copy in world.copies(world.target):
        verify(world.target, copy, [KEY], now=world.clock.now())
    prune(world.target, "made", Policy(1, 0, 0, 0), now=world.clock.now(), state=tmp_path / "state")
    kept = [copy.id for copy in world.copies(world.target)]
    assert len(kept) == 1
    world.run()
    assert [copy.id for copy in world.copies(world.target)] == kept
    assert len(world.copies(world.vault)) == 2


@pytest.mark.parametrize(
    ("level", "ok", "failed", "passed"),
    [
        (Proof.VERIFIED, True, "", True),
        (Proof.RESTORED, True, "", True),
        (Proof.VERIFIED, False, "files.tar", False),
        (Proof.RESTORED, False, "restore", False),
        (Proof.RESTORED, False, "rows", True),
    ],
)
def test_which_proofs_hold_for_the_mirror(world: World, level: Proof, ok: bool, failed: str, passed: bool) -> None:
    """What is red because of the vault's own bytes must not condemn the mirror's whole ones."""
    copy = world.copies(world.vault)[-1]
    checks = (Check(failed, False),) if failed else ()
    catalog.add_proof(world.vault, ProofRecord(copy.id, "made", level, ok, world.clock.now(), checks))
    world.run()
    assert len(world.copies(world.target)[-1].proofs) == passed


# --- bad days ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_failure_at_every_call_of_either_vault(tmp_path: Path) -> None:
    """The faulted run says so, what is listed in the mirror is whole, the vault is untouched, the next run ends the same."""
    clean = World(tmp_path / "clean")
    watched = {"source": FaultyVault(clean.vault), "target": FaultyVault(clean.target)}
    clean.run(watched["source"], watched["target"])
    positions = [
        (side, verb, number)
        for side, vault in watched.items()
        for verb in sorted({verb for verb, _ in vault.calls})
        for number in range(sum(1 for called, _ in vault.calls if called == verb))
    ]
    assert {verb for side, verb, _ in positions if side == "target"} == {"folders", "walk", "put", "holds"}
    here = World(tmp_path / "faulted")
    before = objects(here.vault)
    for side, verb, number in positions:
        for after_effect in (False, True) if verb == "put" else (False,):
            what = f"{side}: {verb} number {number}, after its effect: {after_effect}"
            here.target = MemoryVault(here.clock)
            fault = Fault(verb, VaultUnreachable("power cut"), skip=number, after_effect=after_effect)
            with pytest.raises(VaultUnreachable):
                if side == "source":
                    here.run(source=FaultyVault(here.vault, fault))
                else:
                    here.run(target=FaultyVault(here.target, fault))
            for copy in here.copies(here.target):
                assert contents(here.target, copy.manifest) == STREAMS, what
            here.run()
            assert objects(here.target) == before == objects(here.vault), what


@pytest.mark.parametrize("verb", ["put", "holds"])
def test_bytes_that_change_on_the_way_into_the_mirror(world: World, verb: str) -> None:
    """At every put in turn: it is noticed by reading back, and mended by the next run."""
    before, number = objects(world.vault), 0
    while True:
        world.target = MemoryVault(world.clock)
        fault = Fault(verb, damage=lambda data: data[:-1] + bytes([data[-1] ^ 1]), skip=number)
        try:
            world.run(target=FaultyVault(world.target, fault))
        except Exception as error:  # noqa: BLE001 - its kind is looked at
            assert "not what was written" in str(error), number
        else:
            assert fault.times == 1, f"{verb} number {number}: nobody noticed"
            break
        world.run()
        assert objects(world.target) == before, number
        number += 1
    assert number > 10


def test_bytes_that_change_on_the_way_out_of_the_vault(world: World) -> None:
    """At every get in turn: never passed on."""
    right, number = objects(world.vault), 0
    while True:
        world.target = MemoryVault(world.clock)
        fault = Fault("get", damage=lambda data: data[:-2] + bytes([data[-2] ^ 0x80]) + data[-1:], skip=number)
        world.run(source=FaultyVault(world.vault, fault))
        if fault.times == 1:
            break
        assert all(right[key] == data for key, data in objects(world.target).items()), number
        number += 1
    assert number > 10


def test_a_run_that_was_cut_sends_no_part_twice(world: World) -> None:
    cut = FaultyVault(world.target, Fault("put", VaultUnreachable("away"), skip=5, times=None))
    with pytest.raises(VaultUnreachable):
        world.run(target=cut)
    there = set(world.target.objects)
    spoil(world.target, sorted(there)[0])
    target = FaultyVault(world.target)
    world.run(target=target)
    assert {key for verb, key in target.calls if verb == "put"} & there == {sorted(there)[0]}, "but for the damaged one"
    assert objects(world.target) == objects(world.vault)
