"""Log is let go only where no copy that stays needs it; whatever could be reached from one can still be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.log.wal_names import Stretch
from outlive.backup.log.windows import Window, base_of, bases, branch_of, windows
from outlive.backup.upkeep.log_retention import (
    IDLE,
    Branch,
    LogDecision,
    LogObject,
    decide_log,
    unneeded,
    without_locked,
)
from outlive.commands.wal import Switch, show
from outlive.model.copy import Check, Copy, Manifest, Proof, ProofRecord
from tests.backup.log.test_windows import SEGMENT, STRETCHES, SWITCHES, T0, at, piece
from tests.examples import examples

NOW = at(100_000)
DAY = timedelta(days=1)


def copy(
    start: int, end: int, timeline: int = 1, *, lineage: str = "pg-1", since: float = 0, damaged: bool = False
) -> Copy:
    source = {
        "system_identifier": "1",
        "timeline": timeline,
        "start_lsn": show(start),
        "end_lsn": show(end),
        "wal_segment_size": str(SEGMENT),
    }
    name, moment = f"{start}-{end}-{timeline}-{since}", at(since)
    manifest = Manifest(name, "db", "postgres", None, lineage, start, moment, moment, moment, (), (), source)
    red = ProofRecord(name, "db", Proof.VERIFIED, False, moment, (Check("parts", False),))
    return Copy(manifest, moment, (red,) if damaged else ())


def branch(
    stretches: Sequence[Stretch], lineage: str = "pg-1", began: datetime | None = None, newest: datetime = NOW
) -> Branch:
    objects = tuple(LogObject(one.key, one.end - one.start, newest, one) for one in stretches)
    history = LogObject(f"{lineage}/{began}/00000002.history", 100, newest, None)
    return Branch(lineage, began, (*objects, history))


def gone(decision: LogDecision) -> list[str]:
    return [one.key for one in decision.going]


def one(stretches: Sequence[Stretch], copies: Sequence[Copy], **settings: object) -> LogDecision:
    (decision,) = decide_log([branch(stretches)], copies, NOW, **settings)  # type: ignore[arg-type]
    return decision


# --- what goes ---------------------------------------------------------------------------------------------------


def test_log_from_before_the_oldest_copy_that_stays_goes() -> None:
    log = [piece(start, start + SEGMENT) for start in range(0, 8000, SEGMENT)]
    decision = one(log, [copy(3900, 4100), copy(6100, 6200)])
    assert gone(decision) == [one.key for one in log[:3]], "the segment in which the copy begins stays"
    assert decision.going_bytes == 3 * SEGMENT
    assert decision.reasons == ("copy 3900-4100-1-0 needs it from 0/BB8 on",)


def test_a_damaged_copy_keeps_its_log_while_it_is_there() -> None:
    log = [piece(start, start + SEGMENT) for start in range(0, 8000, SEGMENT)]
    assert len(gone(one(log, [copy(2100, 2200, damaged=True), copy(6100, 6200)]))) == 2


def test_a_copy_that_does_not_say_where_it_begins_keeps_all() -> None:
    log = [piece(start, start + SEGMENT) for start in range(0, 8000, SEGMENT)]
    unclear = copy(6300, 6400)
    del unclear.manifest.source["start_lsn"]
    assert gone(one(log, [copy(6100, 6200), unclear])) == []


def test_a_mark_right_where_a_copy_begins_stays_and_earlier_ones_go() -> None:
    old, mark, new = piece(2500, 2500), piece(3000, 3000), piece(3000, 3100)
    assert gone(one([old, mark, new], [copy(3000, 3000)])) == [old.key]


def test_the_end_of_the_log_stays_where_the_stream_goes_on() -> None:
    """The copy is newer than what has been streamed yet: the vault was away."""
    log = [piece(1000, 2000), piece(2000, 2300)]
    assert gone(one(log, [copy(5100, 5200)])) == [log[0].key]


# --- what stays although no copy opens it ------------------------------------------------------------------------


def test_while_the_asset_is_frozen_nothing_goes() -> None:
    log = [piece(start, start + SEGMENT) for start in range(0, 8000, SEGMENT)]
    decision = one(log, [copy(6100, 6200)], frozen=["frozen, new lineage: look"])
    assert (gone(decision), decision.reasons) == ([], ("frozen, new lineage: look",))


def test_log_before_the_first_copy_stays() -> None:
    decision = one([piece(0, 1000)], [])
    assert gone(decision) == [] and "no copy opens it yet" in decision.reasons[0]


def test_a_new_lineage_that_has_no_copy_yet_stays_while_it_is_written() -> None:
    old, new = branch([piece(3000, 4000)]), branch([piece(0, 1000)], "pg-2", newest=NOW - 6 * DAY)
    first, second = decide_log([old, new], [copy(3100, 3200)], NOW)
    assert gone(first) == gone(second) == []
    assert f"within {IDLE.days} days" in second.reasons[0]


def test_an_old_lineage_without_a_copy_goes_with_its_histories() -> None:
    old, new = branch([piece(0, 1000)], newest=NOW - 8 * DAY), branch([piece(3000, 4000)], "pg-2")
    first, second = decide_log([old, new], [copy(3100, 3200, lineage="pg-2")], NOW)
    assert len(first.going) == 2 and "no copy is left that opens it" in first.reasons[0]
    assert gone(second) == []


def test_a_clock_of_ours_that_runs_ahead_makes_nothing_old() -> None:
    old = branch([piece(0, 1000)])
    (decision,) = decide_log([old], [copy(3100, 3200, lineage="pg-2")], NOW + 100 * DAY)
    assert gone(decision) == []


def test_branches_are_judged_by_their_own_copies() -> None:
    """The server was put back: positions were used twice."""
    log = [piece(start, start + SEGMENT) for start in range(0, 8000, SEGMENT)]
    first, second = branch(log), branch(log, began=at(500))
    copies = [copy(5100, 5200, since=100), copy(3100, 3200, since=600)]
    kept, again = decide_log([first, second], copies, NOW)
    assert (len(gone(kept)), len(gone(again))) == (5, 3)
    (old, new) = decide_log([first, second], copies[1:], NOW)
    assert gone(old) == [] and "within" in old.reasons[0], "no copy is left of it, but it is young"
    assert len(gone(new)) == 3


def test_what_the_vault_keeps_locked_is_told_and_stays() -> None:
    log = [piece(start, start + SEGMENT) for start in range(0, 8000, SEGMENT)]
    decision = without_locked(one(log, [copy(3900, 4100)]), {log[1].key: at(0) + 30 * DAY})
    assert gone(decision) == [log[0].key, log[2].key]
    assert decision.reasons[-1].startswith("1 objects would go but are locked, the last until ")


def test_a_mirror_is_not_brought_what_its_own_pruning_would_let_go() -> None:
    log = [piece(start, start + SEGMENT) for start in range(0, 8000, SEGMENT)]
    assert unneeded([branch(log)], [copy(3900, 4100)]) == {one.key for one in log[:3]}
    assert unneeded([branch(log)], []) == unneeded([branch(log)], [copy(3900, 4100, lineage="pg-2")]) == set()


# --- properties --------------------------------------------------------------------------------------------------

BASES = st.tuples(st.integers(28, 60), st.integers(0, 15), st.integers(1, 3)).map(
    lambda drawn: copy(drawn[0] * 100, (drawn[0] + drawn[1]) * 100, drawn[2], since=drawn[0] * 100)
)


def reached(stretches: Sequence[Stretch], switches: Mapping[int, Switch], copies: Sequence[Copy]) -> list[Window]:
    return [window for base in bases(copies, "pg-1") for window in windows(base, stretches, switches)]


@examples(150)
@given(
    st.lists(STRETCHES, max_size=20), SWITCHES, st.lists(BASES, min_size=1, max_size=5, unique_by=lambda one: one.id)
)
def test_every_moment_that_a_staying_copy_reaches_is_reached_afterwards(
    stretches: list[Stretch], switches: dict[int, Switch], staying: list[Copy]
) -> None:
    possible = [one for one in stretches if one.timeline == 1 or one.start >= _begun(switches, one.timeline)]
    going = set(gone(one(possible, staying)))
    left = [one for one in possible if one.key not in going]
    assert reached(left, switches, staying) == reached(possible, switches, staying)
    assert not going or max(one.end for one in left) == max(one.end for one in possible)


def _begun(switches: Mapping[int, Switch], timeline: int) -> int:
    """A timeline's log begins with the segment in which it left its parent."""
    switch = switches.get(timeline)
    return 0 if switch is None else switch.position - switch.position % SEGMENT


@examples(100)
@given(
    st.lists(STRETCHES, max_size=20), st.lists(BASES, min_size=1, max_size=5, unique_by=lambda one: one.id), st.data()
)
def test_fewer_copies_never_keep_more(stretches: list[Stretch], staying: list[Copy], data: st.DataObject) -> None:
    fewer = data.draw(st.lists(st.sampled_from(staying), min_size=1, unique_by=lambda one: one.id))
    assert set(gone(one(stretches, staying))) <= set(gone(one(stretches, fewer)))
    first = min(base_of(one.manifest).start for one in staying)
    ends = {one.key: one.end for one in stretches}
    assert all(ends[key] <= first for key in gone(one(stretches, staying)))


def test_copies_belong_to_the_branch_of_their_moment() -> None:
    first, second = branch([], began=None), branch([], began=T0)
    assert branch_of([first, second], T0 - DAY) is first and branch_of([first, second], T0) is second
