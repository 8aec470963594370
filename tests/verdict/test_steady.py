"""What single looks come to: two settle it, one does not, and what changes all the time flaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from outlive.model.verdict import Name
from outlive.verdict.steady import Look, Settled, next_look_seconds, settled

START = datetime(2026, 3, 14, 12, tzinfo=UTC)
OK, DOWN, HUNG, BLIND = Name.SAME_MACHINE_OK, Name.SAME_MACHINE_APP_DOWN, Name.SAME_MACHINE_APP_HUNG, Name.NO_DATA


def looks(*names: Name, every_seconds: float = 5) -> list[Look]:
    return [Look(START + timedelta(seconds=every_seconds * index), name) for index, name in enumerate(names)]


def believed(*names: Name) -> Settled:
    found = settled(looks(*names))
    assert found is not None
    return found


def test_no_look_is_no_belief() -> None:
    assert settled([]) is None


def test_two_looks_settle_trouble_and_recovery_at_any_cadence() -> None:
    assert believed(OK, OK, DOWN, DOWN) == Settled(DOWN, START + timedelta(seconds=10))
    assert believed(OK, OK, DOWN, DOWN, OK, OK) == Settled(OK, START + timedelta(seconds=20))


def test_a_single_look_is_pending() -> None:
    assert believed(OK, OK, DOWN) == Settled(OK, START, pending=DOWN)
    assert believed(DOWN, DOWN, OK) == Settled(DOWN, START, pending=OK)


def test_one_good_look_between_bad_ones_does_not_hide_them() -> None:
    assert believed(OK, OK, DOWN, OK, DOWN).name is DOWN


def test_two_kinds_of_trouble_are_trouble() -> None:
    found = believed(OK, OK, DOWN, HUNG)
    assert (found.name, found.since) == (HUNG, START + timedelta(seconds=10))


def test_one_trouble_gives_way_to_another_only_when_settled() -> None:
    assert believed(DOWN, DOWN, HUNG) == Settled(DOWN, START, pending=HUNG)
    assert believed(DOWN, DOWN, HUNG, HUNG).name is HUNG


def test_blind_looks_neither_confirm_nor_recover() -> None:
    assert believed(OK, OK, DOWN, BLIND, DOWN).name is DOWN
    assert believed(DOWN, DOWN, OK, BLIND).name is DOWN


def test_nothing_but_blind_looks_is_no_data() -> None:
    assert believed(OK, OK, BLIND, BLIND) == Settled(BLIND, START + timedelta(seconds=10))
    assert believed(BLIND) == Settled(BLIND, START)
    assert believed(DOWN) == Settled(BLIND, START, pending=DOWN)


def test_what_changes_all_the_time_flaps() -> None:
    assert believed(*[OK, OK, DOWN, DOWN] * 3).is_flapping
    assert not believed(OK, OK, DOWN, DOWN, OK, OK).is_flapping


def test_the_next_look_comes_sooner_while_a_change_is_not_settled() -> None:
    steady, pending = believed(OK, OK), believed(OK, OK, DOWN)
    assert next_look_seconds(60, steady) == 60
    assert next_look_seconds(60, pending) == 30
    assert next_look_seconds(60, None) == 30
    assert next_look_seconds(1, pending) == 5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([OK, DOWN, HUNG, BLIND]), min_size=1, max_size=12), st.randoms())
def test_order_of_arrival_and_repetition_mean_nothing(names: list[Name], random: object) -> None:
    seen = looks(*names)
    shuffled = seen * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert settled(shuffled) == settled(seen)
