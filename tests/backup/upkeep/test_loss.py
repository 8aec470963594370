"""What would be gone now: never less than it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.upkeep.loss import at_or_before, loss
from outlive.model.copy import Copy, Manifest, Proof, ProofRecord

NOW = datetime(2026, 2, 7, 8, 0, tzinfo=UTC)


def copy(seconds_ago: float, *, name: str = "a", sequence: int = 1, red: bool = False) -> Copy:
    at = NOW - timedelta(seconds=seconds_ago)
    manifest = Manifest(name, "db", "postgres", "web-1", "pg-1", sequence, at, at, at, (), ())
    return Copy(manifest, at, (ProofRecord(name, "db", Proof.VERIFIED, False, NOW),) if red else ())


def test_without_a_whole_copy_everything_is_lost() -> None:
    for copies in ([], [copy(5, red=True)]):
        lost = loss(copies, NOW)
        assert lost.everything and lost.seconds is None and lost.since is None


def test_loss_counts_from_what_the_copy_holds_and_not_from_when_it_was_finished() -> None:
    one = copy(3600)
    slow = Copy(replace(one.manifest, finished_at=NOW), NOW)
    assert loss([slow], NOW).seconds == 3600


def test_a_damaged_copy_does_not_count() -> None:
    lost = loss([copy(100, name="old"), copy(5, name="new", red=True)], NOW)
    assert lost.seconds == 100 and lost.since and lost.since.id == "old"


def test_a_later_copy_of_earlier_data_does_not_make_the_loss_smaller() -> None:
    assert loss([copy(50, name="a", sequence=1), copy(90, name="b", sequence=2)], NOW).seconds == 50


def test_a_clock_that_ran_ahead_gives_nothing_and_never_less() -> None:
    assert loss([copy(-30)], NOW).seconds == 0


@given(st.lists(st.tuples(st.integers(-100, 100), st.booleans()), max_size=8), st.integers(-120, 120))
def test_at_a_moment_the_nearest_copy_before_it_is_taken(ages: list[tuple[int, bool]], moment: int) -> None:
    copies = [copy(age, name=str(number), red=red) for number, (age, red) in enumerate(ages)]
    asked = NOW + timedelta(seconds=moment)
    fitting = [age for age, red in ages if not red and -age <= moment]
    picked = at_or_before(copies, asked)
    assert (picked is None) == (not fitting)
    if picked is not None:
        assert not picked.is_damaged
        assert picked.manifest.data_until == NOW - timedelta(seconds=min(fitting))
