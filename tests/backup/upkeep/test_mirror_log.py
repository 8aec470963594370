"""Log in the mirror: opened before it is passed on, and with an age and a loss of its own."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.manifest import dump_manifest, sums
from outlive.backup.restore.recover_to import windows
from outlive.backup.upkeep.mirror import mirror
from outlive.backup.upkeep.mirror_log import superseded, wanted
from outlive.backup.upkeep.mirror_standing import MirrorStanding, standing
from outlive.model.asset import PostgresAsset
from outlive.model.copy import Part, Stream
from outlive.testing.clock import ManualClock
from outlive.vault.base import Vault
from outlive.vault.memory import MemoryVault
from tests.backup import made_wal
from tests.backup.made import KEY
from tests.backup.made_wal import BEGIN, SEGMENT
from tests.backup.upkeep.test_mirror import objects, spoil

DB = PostgresAsset(name="db", host="web-1", max_age_seconds=3600)


@pytest.fixture
def logged() -> tuple[MemoryVault, MemoryVault]:
    """A vault with a base copy (of a single, empty stream) and two segments and a half of log; an empty mirror."""
    vault = MemoryVault(ManualClock())
    data = made_wal.sealed(b"")
    part = Part("inventory.json.zst.age.000000", len(data), hashlib.sha256(data).hexdigest(), 0)
    manifest = replace(made_wal.base().manifest, streams=(Stream("inventory.json", 0, (part,)),))
    small = {"SHA256SUMS": sums(manifest), "RESTORE.md": b"words", "manifest.json": dump_manifest(manifest)}
    for file, content in {part.file: data, **small}.items():
        vault.put(f"copies/db/one/{file}", content)
    third = BEGIN + 2 * SEGMENT
    made_wal.log(vault, [BEGIN + SEGMENT, third, third + 8192 * 4, third + 8192 * 9])
    return vault, MemoryVault(ManualClock())


def stands(vault: Vault, target: Vault, seconds: float = 400) -> MirrorStanding:
    there = catalog.copies(target, "db") if "db" in catalog.assets(target) else []
    opened = windows(target, there)
    return standing(DB, catalog.copies(vault, "db"), there, made_wal.T0 + timedelta(seconds=seconds), opened)


@pytest.mark.parametrize("keys", [(KEY,), ()], ids=["opened", "compared"])
def test_log_comes_too(logged: tuple[MemoryVault, MemoryVault], keys: tuple[object, ...]) -> None:
    vault, target = logged
    assert mirror(vault, target, "db", list(keys)).held_back == []
    assert objects(target, "wal/") == objects(vault, "wal/")
    (here,), (there,) = (windows(one, catalog.copies(one, "db")) for one in (vault, target))
    assert (here.end, here.until) == (there.end, there.until)


def test_log_that_has_rotted_is_held_back(logged: tuple[MemoryVault, MemoryVault]) -> None:
    vault, target = logged
    key = sorted(objects(vault, "wal/"))[1]
    spoil(vault, key)
    done = mirror(vault, target, "db", [KEY])
    assert [found for found, _ in done.held_back] == [key]
    assert set(objects(vault, "wal/")) - set(objects(target, "wal/")) == {key}


def test_a_completed_segment_takes_the_place_of_its_pieces(logged: tuple[MemoryVault, MemoryVault]) -> None:
    vault, target = logged
    mirror(vault, target, "db", [KEY])
    pieces = [key for key in objects(vault, "wal/") if "-" in key.rpartition("/")[2]]
    whole = made_wal.put(vault, BEGIN + 2 * SEGMENT, BEGIN + 3 * SEGMENT)
    vault.delete(pieces[0])  # the keeper was cut before it had deleted them all
    mirror(vault, target, "db", [KEY])
    assert len(pieces) == 2 and whole in target.objects
    assert not set(pieces) & set(target.objects)


def test_of_marks_only_the_newest_stays() -> None:
    segment = "wal/db/pg-1/000000010000000000000003"
    marks = [f"{segment}.00002000-00002000.20260207T0815{second:02d}000Z.zst.age" for second in (1, 2, 3)]
    piece = f"{segment}.00000000-00002000.20260207T081500000Z.zst.age"
    assert superseded([*marks, piece]) == set(marks[:2])
    assert wanted([*marks[1:], piece], marks[:1]) == [piece, marks[2]]
    whole = f"{segment}.20260207T081502000Z.zst.age"
    history = "wal/db/pg-1/00000002.00000001-0000000003A1B2C8.history.zst.age"
    assert wanted([whole, piece, history], []) == [history, whole]


def test_the_mirror_has_an_age_and_a_loss_of_its_own(logged: tuple[MemoryVault, MemoryVault]) -> None:
    vault, target = logged
    empty = stands(vault, target)
    assert empty.loss.everything and empty.behind == ("one",) and "no whole copy" in empty.risks[0]
    mirror(vault, target, "db", [KEY])
    (opened,) = windows(vault, catalog.copies(vault, "db"))
    until = (opened.until - made_wal.T0).total_seconds()
    fresh = stands(vault, target, until + 30)
    assert (fresh.loss.seconds, fresh.behind, fresh.risks) == (30, (), ())
    made_wal.put(vault, BEGIN + 2 * SEGMENT + 8192 * 9, BEGIN + 2 * SEGMENT + 8192 * 20)
    later = stands(vault, target, until + 4000)
    assert later.loss.seconds == 4000, "the vault knows more; the mirror does not"
    assert "older than allowed (1 h)" in later.risks[0]
