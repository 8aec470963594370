"""When a copy that builds on others counts, and when the next one may build on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.copies import chain
from outlive.backup.copies.lineage import AlarmKind, alarms
from outlive.backup.upkeep.loss import loss
from outlive.model.chain import CLUSTER_BYTES, FROM_LSN, MOST, Full, Origin
from outlive.model.copy import Copy, Proof
from tests.backup.chains import histories, known, member, row
from tests.backup.upkeep.test_retention import START
from tests.examples import examples

ORIGIN = Origin("7000", 1, True)
KEYS = ["age2", "age1"]


def broken(copies: Iterable[Copy]) -> list[str]:
    return [copy.id for copy in copies if copy.broken]


# --- what counts ----------------------------------------------------------------------------------------------------


def test_a_whole_row_is_whole() -> None:
    copies = known(row(8))
    assert broken(copies) == [] and not any(copy.is_damaged for copy in copies)
    assert chain.ancestors(copies[3].manifest, chain.by_id(copies)) == tuple(copy.manifest for copy in copies[:3])


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_without_one_nothing_after_it_counts(lost: int) -> None:
    copies = row(4)
    there = known([copy for number, copy in enumerate(copies) if number != lost])
    assert broken(there) == [copy.id for copy in copies[lost + 1 :]]
    assert f"copy copy-{lost:04d}, on which copy copy-{lost + 1:04d} builds, is missing" in there[-1].broken


def test_what_is_damaged_takes_what_builds_on_it_along_but_not_what_it_builds_on() -> None:
    first, second = member(0, proof=Proof.RESTORED), member(1, member(0), damaged=True)
    third = member(2, second, proof=Proof.RESTORED)
    copies = known([first, second, third])
    assert [copy.is_damaged for copy in copies] == [False, True, True]
    assert copies[2].broken == "copy copy-0001, on which copy copy-0002 builds, is damaged"
    assert copies[2].proof is Proof.STORED, "what it was proven with is gone"
    lost = loss(copies, START)
    assert lost.since == copies[0]


@pytest.mark.parametrize(
    ("parent", "why"),
    [
        (member(0, lineage="9999"), "it is of 9999"),
        (member(0, source={"timeline": 2}), "it is of timeline 2"),
        (member(0, source={"start_lsn": "0/77"}), "it began at 0/77"),
        (member(5), "missing"),
    ],
)
def test_it_is_not_taken_for_whole_on_another_copy(parent: Copy, why: str) -> None:
    child = member(3, member(0))
    parent = replace(parent, manifest=replace(parent.manifest, id=child.manifest.parent or ""))
    assert why in known([parent, child])[-1 if parent.manifest.sequence < 3 else 0].broken


def test_a_row_that_leads_round_in_a_circle_ends() -> None:
    one, two = member(1), member(2, member(1))
    one = replace(one, manifest=replace(one.manifest, parent=two.id, source={**one.manifest.source, FROM_LSN: "0/1"}))
    copies = known([one, two])
    assert broken(copies) == [one.id, two.id]
    assert len(chain.ancestors(two.manifest, chain.by_id(copies))) == 1


@examples(200)
@given(histories())
def test_whole_means_that_all_of_it_is_there_and_whole(copies: list[Copy]) -> None:
    there = chain.by_id(copies)
    for copy in copies:
        manifest, whole = copy.manifest, True
        while whole and manifest.parent is not None:
            parent = there.get(manifest.parent)
            whole = parent is not None and all(proof.ok for proof in parent.proofs[-1:])
            whole = whole and parent is not None and not chain.misfit(manifest, parent.manifest)
            manifest = parent.manifest if parent else manifest
        assert bool(copy.broken) == (not whole)
    since = loss(copies, START).since
    assert since is None or not since.broken


# --- in which order -------------------------------------------------------------------------------------------------


@examples(100)
@given(histories())
def test_every_copy_has_one_turn_before_or_after_what_it_builds_on(copies: list[Copy]) -> None:
    there = chain.by_id(copies)
    down, up = list(chain.children_first(copies)), list(chain.parents_first(copies))
    for turns in (down, up):
        assert sorted(copy.id for copy in turns) == sorted(there)
    for copy in copies:
        for one in chain.ancestors(copy.manifest, there):
            assert down.index(copy) < down.index(there[one.id])
            assert up.index(copy) > up.index(there[one.id])


def test_copies_that_stand_alone_keep_their_order() -> None:
    copies = known([member(number) for number in range(4)])
    assert list(chain.children_first(copies)) == copies
    assert list(chain.parents_first(copies)) == copies[::-1]


def test_who_reads_the_furthest_has_read_all() -> None:
    copies = known([*row(3), *row(3, 3)])
    assert [chain.furthest(copy, copies).id for copy in copies] == ["copy-0002"] * 3 + ["copy-0005"] * 3
    lame = known([*row(2), member(2, row(2)[1], damaged=True)])
    assert chain.furthest(lame[0], lame).id == "copy-0001"


# --- on what the next one may build ---------------------------------------------------------------------------------


def test_the_newest_copy_is_built_on_seven_times() -> None:
    for length in range(1, MOST + 1):
        copies = known(row(length))
        assert chain.offer(copies, ORIGIN, KEYS) == copies[-1]
    full = chain.offer(known(row(MOST + 1)), ORIGIN, KEYS)
    assert isinstance(full, Full) and not full.is_trouble and "7 copies" in full.why
    again = known([*row(MOST + 1), member(MOST + 1)])
    assert chain.offer(again, ORIGIN, KEYS) == again[-1]


@pytest.mark.parametrize(
    ("copies", "origin", "keys", "why", "trouble"),
    [
        ([], ORIGIN, KEYS, "no earlier copy", False),
        (row(2), replace(ORIGIN, lineage="9999"), KEYS, "this is 9999", True),
        (row(2), replace(ORIGIN, timeline=2), KEYS, "now it is 2", True),
        (row(2), replace(ORIGIN, data_checksums=False), KEYS, "checksums", True),
        (row(2), ORIGIN, ["age1", "age3"], "keys have changed", False),
        ([*row(2), member(2, row(2)[1], damaged=True)], ORIGIN, KEYS, "copy-0002 is damaged", True),
        (row(3)[1:], ORIGIN, KEYS, "copy-0000, on which copy copy-0001 builds, is missing", True),
    ],
)
def test_else_a_full_copy_is_taken_and_why(
    copies: list[Copy], origin: Origin, keys: list[str], why: str, trouble: bool
) -> None:
    full = chain.offer(known(copies), origin, keys)
    assert isinstance(full, Full) and why in full.why and full.is_trouble == trouble


def test_a_dump_is_not_built_on() -> None:
    copy = member(0)
    dump = replace(copy, manifest=replace(copy.manifest, kind="postgres_dump"))
    assert isinstance(chain.offer([dump], ORIGIN, KEYS), Full)


@examples(200)
@given(histories(), st.sampled_from(["7000", "9999"]), st.sampled_from([1, 2]))
def test_what_is_built_on_an_offer_is_whole_and_not_too_long(copies: list[Copy], lineage: str, timeline: int) -> None:
    found = chain.offer(copies, Origin(lineage, timeline, True), KEYS)
    if isinstance(found, Full):
        assert found.why
        return
    assert found == copies[-1]
    child = member(copies[-1].manifest.sequence + 1, found, lineage=lineage, source={"timeline": timeline})
    after = known([*copies, child])
    assert not after[-1].is_damaged
    assert len(chain.ancestors(child.manifest, chain.by_id(after))) <= MOST


# --- what a person is told ------------------------------------------------------------------------------------------


def test_a_broken_chain_is_an_alarm_until_a_newer_copy_is_proven() -> None:
    copies = row(3)[1:]
    (alarm,) = alarms(known(copies), ())
    assert alarm.kind is AlarmKind.BROKEN_CHAIN
    assert "copy-0002 is not counted on" in alarm.text and "copy-0000" in alarm.text and "backup db" in alarm.cure
    assert alarms(known([*copies, member(3)]), ()) != ()
    assert alarms(known([*copies, member(3, proof=Proof.VERIFIED)]), ()) == ()


def test_what_was_found_damaged_is_told_once() -> None:
    copies = known([member(0), member(1, member(0), damaged=True), member(2, member(1, member(0)))])
    assert [alarm.kind for alarm in alarms(copies, ())] == [AlarmKind.RED_DRILL]


def test_a_copy_of_what_changed_is_small_and_has_not_collapsed() -> None:
    copies = [member(0, plain_bytes=5000)]
    for number in range(1, 4):
        copies.append(member(number, copies[-1], plain_bytes=20))
    assert alarms(known([*copies, member(4, plain_bytes=4800)]), ()) == ()
    assert [one.kind for one in alarms(known([*copies, member(4, plain_bytes=30)]), ())] == [AlarmKind.COLLAPSED]


def test_a_cluster_that_was_emptied_is_seen_in_a_copy_of_what_changed() -> None:
    large = [member(n, source={CLUSTER_BYTES: 9000}) for n in range(2)]
    for size, kinds in ((8000, []), (100, [AlarmKind.COLLAPSED])):
        child = member(2, large[1], source={CLUSTER_BYTES: size}, plain_bytes=20)
        assert [alarm.kind for alarm in alarms(known([*large, child]), ())] == kinds


def test_what_is_saved_is_counted_from_the_full_copy() -> None:
    copies = known([member(0, plain_bytes=900), member(1, member(0), plain_bytes=100), member(2, plain_bytes=50)])
    assert [chain.saved_bytes(copy.manifest, chain.by_id(copies)) for copy in copies] == [0, 800, 0]
