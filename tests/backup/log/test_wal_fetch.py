"""Log from the vault: listed by branch, put together again, never shorter than it should be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outlive.backup.log.wal_fetch import by_segment, list_log, segment
from outlive.backup.log.wal_names import Stretch, branch_folder, stretch_key, wal_folder
from outlive.backup.log.windows import branch_of
from outlive.commands.wal import Switch
from outlive.errors import CopyDamaged, VaultUnreachable, WrongKey
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.base import Vault
from outlive.vault.memory import MemoryVault
from tests.backup import made_wal
from tests.backup.made import KEY, STRANGER
from tests.backup.made_wal import BEGIN, CLUSTER, SEGMENT, T0, log, pages, put, put_history, sealed

LINEAGE = f"pg-{CLUSTER}"
PAGE = 8192


def stretches(vault: Vault) -> list[Stretch]:
    return sorted(list_log(vault, "db", LINEAGE, SEGMENT)[0].stretches, key=lambda one: one.start)


def whole(vault: Vault, *keys: object) -> bytes:
    ((_, own),) = by_segment(stretches(vault), SEGMENT).items()
    return segment(vault, own, SEGMENT, CLUSTER, list(keys) or [KEY])  # type: ignore[arg-type]


def test_an_empty_vault_has_one_empty_branch() -> None:
    (found,) = list_log(MemoryVault(), "db", LINEAGE, SEGMENT)
    assert (found.stretches, dict(found.switches), found.began) == ((), {}, None)


def test_listing_reads_names_only() -> None:
    vault = MemoryVault()
    log(vault, [BEGIN + PAGE, BEGIN + SEGMENT])
    put_history(vault, 2, BEGIN + SEGMENT)
    vault.put(wal_folder("db", LINEAGE) + "litter", b"")
    seen = FaultyVault(vault)
    (found,) = list_log(seen, "db", LINEAGE, SEGMENT)
    assert {verb for verb, _ in seen.calls} == {"walk"}
    assert len(found.stretches) == 2
    assert found.switches == {2: Switch(1, BEGIN + SEGMENT)}


def test_branches_are_kept_apart() -> None:
    """After the server was put back, positions were used again: the same places hold other log."""
    vault = MemoryVault()
    log(vault, [BEGIN + SEGMENT, BEGIN + 2 * SEGMENT])
    later = T0 + timedelta(hours=1)
    folder = branch_folder(wal_folder("db", LINEAGE), later)
    key = stretch_key(folder, 1, BEGIN, BEGIN + SEGMENT, later, SEGMENT)
    vault.put(key, sealed(pages(BEGIN, BEGIN + SEGMENT)))
    first, second = list_log(vault, "db", LINEAGE, SEGMENT)
    assert (len(first.stretches), len(second.stretches), second.began) == (2, 1, later)
    assert branch_of([first, second], T0) == first
    assert branch_of([first, second], later - timedelta(seconds=1)) == first
    assert branch_of([first, second], later) == second


def test_pieces_become_a_segment() -> None:
    vault = MemoryVault()
    log(vault, [BEGIN + PAGE, BEGIN + 3 * PAGE, BEGIN + SEGMENT])
    assert whole(vault) == pages(BEGIN, BEGIN + PAGE) + pages(BEGIN + PAGE, BEGIN + 3 * PAGE) + pages(
        BEGIN + 3 * PAGE, BEGIN + SEGMENT
    )


def test_overlapping_pieces_become_a_segment() -> None:
    vault = MemoryVault()
    for start, end in ((0, 4), (0, 2), (2, 6), (6, 128)):
        put(vault, BEGIN + start * PAGE, BEGIN + end * PAGE)
    assert len(whole(vault)) == SEGMENT
    assert whole(vault)[4 * PAGE : 6 * PAGE] == pages(BEGIN + 2 * PAGE, BEGIN + 6 * PAGE)[2 * PAGE :]


def test_what_has_not_come_yet_is_zeros() -> None:
    vault = MemoryVault()
    log(vault, [BEGIN + 2 * PAGE])
    assert whole(vault) == pages(BEGIN, BEGIN + 2 * PAGE) + bytes(SEGMENT - 2 * PAGE)


def test_a_hole_is_damage_not_the_end() -> None:
    vault = MemoryVault()
    keys = log(vault, [BEGIN + PAGE, BEGIN + 2 * PAGE, BEGIN + SEGMENT])
    vault.delete(keys[1])
    with pytest.raises(CopyDamaged, match="the log before it is missing"):
        whole(vault)


def test_a_piece_that_vanished_since_the_listing() -> None:
    vault = MemoryVault()
    (key,) = log(vault, [BEGIN + SEGMENT])
    own = stretches(vault)
    vault.delete(key)
    with pytest.raises(CopyDamaged, match="is missing"):
        segment(vault, own, SEGMENT, CLUSTER, [KEY])


@pytest.mark.parametrize("end", [3 * PAGE, SEGMENT])
def test_pieces_that_became_a_whole_since_the_listing(end: int) -> None:
    """A keeper goes on shipping while somebody restores: what was listed is given, and nothing behind it."""
    vault = MemoryVault()
    (piece,) = log(vault, [BEGIN + 2 * PAGE])
    own = stretches(vault)
    before = segment(vault, own, SEGMENT, CLUSTER, [KEY])
    put(vault, BEGIN, BEGIN + end)
    vault.delete(piece)
    assert segment(vault, own, SEGMENT, CLUSTER, [KEY]) == before
    assert before.endswith(bytes(SEGMENT - 2 * PAGE))


def test_what_took_the_place_of_a_piece_must_reach_as_far() -> None:
    vault = MemoryVault()
    keys = log(vault, [BEGIN + PAGE, BEGIN + 3 * PAGE])
    own = stretches(vault)
    put(vault, BEGIN, BEGIN + 2 * PAGE)
    for key in keys:
        vault.delete(key)
    with pytest.raises(CopyDamaged, match="is missing"):
        segment(vault, own, SEGMENT, CLUSTER, [KEY])


@pytest.mark.parametrize("content", [pages(BEGIN, BEGIN + PAGE), b"", pages(BEGIN, BEGIN + 3 * PAGE)])
def test_a_piece_of_another_length_than_its_name(content: bytes) -> None:
    vault = MemoryVault()
    key = put(vault, BEGIN, BEGIN + 2 * PAGE)
    vault.delete(key)
    vault.put(key, sealed(content))
    with pytest.raises(CopyDamaged, match="bytes, its name says"):
        whole(vault)


def test_a_piece_of_another_place_cluster_or_timeline() -> None:
    for content, told in (
        (pages(BEGIN + PAGE, BEGIN + 3 * PAGE), "says it is"),
        (pages(BEGIN, BEGIN + 2 * PAGE, cluster=1), "is of cluster 1"),
        (pages(BEGIN, BEGIN + 2 * PAGE, timeline=2), "is of timeline 2, not 1"),
    ):
        vault = MemoryVault()
        key = put(vault, BEGIN, BEGIN + 2 * PAGE)
        vault.delete(key)
        vault.put(key, sealed(content))
        with pytest.raises(CopyDamaged, match=told):
            whole(vault)


def test_the_old_primarys_log_under_the_new_timelines_name() -> None:
    vault = MemoryVault()
    put(vault, BEGIN, BEGIN + 2 * PAGE, 2, written_on=1)
    ((_, own),) = by_segment(stretches(vault), SEGMENT).items()
    assert segment(vault, own, SEGMENT, CLUSTER, [KEY], began=BEGIN + 2 * PAGE)
    with pytest.raises(CopyDamaged, match="is of timeline 1, not 2"):
        segment(vault, own, SEGMENT, CLUSTER, [KEY], began=BEGIN + PAGE)


def test_the_wrong_key_and_a_vault_that_is_away_are_no_damage() -> None:
    vault = MemoryVault()
    log(vault, [BEGIN + SEGMENT])
    with pytest.raises(WrongKey):
        whole(vault, STRANGER)
    away = FaultyVault(vault, Fault("get", VaultUnreachable("away")))
    with pytest.raises(VaultUnreachable):
        whole(away)


def test_made_log_is_a_window_without_a_gap() -> None:
    """The specimens of these tests are what they are meant to be."""
    vault = MemoryVault()
    log(vault, [BEGIN + SEGMENT])
    assert made_wal.base().manifest.lineage == LINEAGE
    assert len(whole(vault)) == SEGMENT
