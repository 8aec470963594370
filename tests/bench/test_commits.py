"""Delays and losses by hand."""

from __future__ import annotations

import math

from bench.continuous.commits import Commit, Held, delays, lost, percentile

COMMITS = [Commit(1, 10.0, 100), Commit(2, 11.0, 200), Commit(3, 12.0, 300)]


def test_a_commit_waits_for_the_first_moment_at_which_all_of_it_is_held() -> None:
    assert delays(COMMITS, [Held(10.5, 99), Held(10.75, 150), Held(14.0, 300)]) == [0.75, 3.0, 2.0]


def test_what_is_held_before_its_acknowledgement_is_heard_has_waited_for_nothing() -> None:
    assert delays(COMMITS, [Held(9.0, 1000)]) == [0.0, 0.0, 0.0]


def test_what_is_never_held_waits_for_ever() -> None:
    assert delays(COMMITS, [Held(10.5, 200)]) == [0.5, 0.0, math.inf]
    assert delays(COMMITS, []) == [math.inf] * 3


def test_the_loss_reaches_back_to_the_oldest_row_that_is_missing() -> None:
    found = lost(COMMITS, frozenset({1, 3}), 12.5)
    assert (found.rows, found.seconds) == (1, 1.5)
    assert lost(COMMITS, frozenset({1, 2, 3, 4}), 12.5).seconds == 0
    assert lost(COMMITS, frozenset(), 10.0).rows == 3


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert percentile([7.0], 0.5) == 7.0
