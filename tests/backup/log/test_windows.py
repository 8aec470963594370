"""Windows: from names alone, along timelines, never over a gap, never longer for less."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.log.wal_names import UNKNOWN, Stretch
from outlive.backup.log.windows import Base, Window, choose, moments_at, random_moment, windows
from outlive.commands.wal import Switch
from outlive.testing.clock import ManualClock
from tests.examples import examples

T0 = ManualClock().now()
SEGMENT = 1000
BASE = Base("one", 1, 2900, 3100, T0, SEGMENT)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def piece(start: int, end: int, timeline: int = 1, until: float | None = None) -> Stretch:
    """Log whose moment is its end in seconds, unless told otherwise."""
    moment = at(end if until is None else until)
    whole = start % SEGMENT == 0 and end - start == SEGMENT
    return Stretch(f"{timeline}/{start:05}-{end:05}/{moment:%H%M%S}", timeline, start, end, moment, whole)


def the(stretches: Sequence[Stretch], switches: Mapping[int, Switch] | None = None, base: Base = BASE) -> Window:
    (found,) = windows(base, stretches, switches or {})
    return found


def test_a_base_copy_without_log_is_a_moment() -> None:
    window = the([])
    assert (window.since, window.until, window.end, window.stretches, window.gap) == (T0, T0, BASE.end, (), "")


def test_contiguous_log() -> None:
    pieces = [piece(3000, 3050), piece(3050, 3400), piece(3400, 4000), piece(4000, 5000)]
    window = the(pieces)
    assert (window.until, window.end, window.gap) == (at(5000), 5000, "")
    assert window.stretches == tuple(pieces), "from the beginning of the segment in which the base copy ends"


def test_log_must_be_there_from_the_beginning_of_the_base_copys_last_segment() -> None:
    """Postgres asks for whole segments, and takes what is given for the whole."""
    window = the([piece(3050, 3400), piece(3400, 4000)])
    assert (window.until, window.end) == (T0, BASE.end)
    assert window.gap == "log is missing from 0/BB8 to 0/BEA"


def test_a_gap_ends_the_window() -> None:
    window = the([piece(3000, 4000), piece(4500, 5000), piece(5000, 6000)])
    assert (window.until, window.end) == (at(4000), 4000)
    assert window.gap == "log is missing from 0/FA0 to 0/1194"


def test_overlaps_and_doubles_are_covered_once() -> None:
    window = the([piece(3000, 3500), piece(3000, 4000), piece(3400, 3600), piece(3900, 4200), piece(3900, 4100)])
    assert [(one.start, one.end) for one in window.stretches] == [(3000, 4000), (3900, 4200)]
    assert (window.until, window.end, window.gap) == (at(4200), 4200, "")


def test_a_whole_segment_covers_its_pieces() -> None:
    window = the([piece(3000, 3500), piece(3500, 4000), piece(3000, 4000), piece(4000, 4001)])
    assert [(one.start, one.end) for one in window.stretches] == [(3000, 4000), (4000, 4001)]


def test_a_mark_carries_the_moment() -> None:
    window = the([piece(3000, 3500), piece(3500, 3500, until=9000)])
    assert (window.until, window.end) == (at(9000), 3500)
    assert [(one.start, one.end) for one in window.stretches] == [(3000, 3500)]


def test_a_mark_says_nothing_of_what_was_written_after_it() -> None:
    window = the([piece(3000, 3500), piece(3500, 3500, until=3600), piece(3500, 3600, until=3700)])
    assert (window.until, window.gap) == (at(3700), "")


def test_a_mark_behind_a_gap_is_a_sign_of_it() -> None:
    window = the([piece(3000, 3500), piece(3700, 3700, until=9000)])
    assert (window.until, window.gap) == (at(3500), "log is missing from 0/DAC to 0/E74")


def test_log_that_nobody_asked_about_brings_no_moment() -> None:
    unknown = Stretch("later", 1, 3500, 4000, UNKNOWN, False)
    window = the([piece(3000, 3500), unknown])
    assert (window.until, window.end) == (at(3500), 4000)


def test_a_clock_that_was_set_back_takes_the_window_back() -> None:
    window = the([piece(3000, 3500, until=90000), piece(3500, 4000, until=3600)])
    assert window.until == at(3600)


def test_log_from_before_the_base_copy_is_passed_over() -> None:
    assert the([piece(1000, 2000), piece(2000, 3000)]).stretches == ()


# --- timelines ---------------------------------------------------------------------------------------------------

SWITCH = {2: Switch(1, 4500)}


def test_the_new_timeline_is_followed() -> None:
    log = [piece(3000, 4000), piece(4000, 4500), piece(4000, 4600, 2), piece(4600, 5000, 2)]
    window = the(log, SWITCH)
    assert (window.timeline, window.end, window.until, window.gap) == (2, 5000, at(5000), "")
    assert window.stretches == (log[0], log[2], log[3]), "its first segment begins with a copy of the old one"


def test_a_timeline_without_its_history_is_not_followed() -> None:
    window = the([piece(3000, 4000), piece(4000, 4500), piece(4000, 5000, 2)])
    assert (window.timeline, window.end) == (1, 4500)


def test_the_new_timeline_needs_its_own_copy_of_the_segment() -> None:
    """Postgres asks for the new timeline's file of it, and what is given must be whole from its beginning."""
    window = the([piece(3000, 4000), piece(4000, 4500), piece(4200, 4600, 2)], SWITCH)
    assert (window.timeline, window.end) == (1, 4500)
    assert window.gap == "log is missing from 0/FA0 to 0/1068"


def test_a_switch_in_the_base_copys_last_segment() -> None:
    window = the([piece(3000, 4000, 2)], {2: Switch(1, 3200)})
    assert (window.timeline, window.end, window.gap) == (2, 4000, "")


def test_commits_that_only_the_old_primary_had_can_be_reached_too() -> None:
    """It acknowledged them after the standby was promoted; the window of the new timeline does not have them."""
    log = [piece(3000, 4000), piece(4000, 4800), piece(4000, 4600, 2), piece(4600, 5000, 2)]
    old, new = windows(BASE, log, SWITCH)
    assert (old.timeline, old.end, new.timeline, new.end) == (1, 4800, 2, 5000)
    assert choose([old, new], at(4700)) == new


def test_two_switches() -> None:
    switches = {2: Switch(1, 4500), 3: Switch(2, 5500)}
    log = [piece(3000, 4000), piece(4000, 5000, 2), piece(5000, 5500, 2), piece(5000, 6000, 3)]
    window = the(log, switches)
    assert (window.timeline, window.end, window.gap) == (3, 6000, "")
    assert [one.timeline for one in window.stretches] == [1, 2, 3]


def test_a_timeline_that_left_before_the_base_copy_is_another_world() -> None:
    window = the([piece(3000, 4000), piece(3000, 5000, 2)], {2: Switch(1, 3050)})
    assert (window.timeline, window.end) == (1, 4000)


def test_a_base_copy_of_the_new_timeline() -> None:
    base = Base("two", 2, 4600, 4700, T0, SEGMENT)
    window = the([piece(3000, 4000), piece(4000, 4800), piece(4000, 5000, 2)], SWITCH, base)
    assert (window.timeline, window.end) == (2, 5000)


def test_histories_that_run_in_a_circle() -> None:
    log = [piece(3000, 4000), piece(4000, 5000, 2)]
    assert the(log, {2: Switch(3, 4500), 3: Switch(2, 4500)}).timeline == 1


# --- choosing ----------------------------------------------------------------------------------------------------


def test_the_newest_base_copy_before_the_moment_is_chosen() -> None:
    log = [piece(3000, 4000), piece(4000, 5000), piece(5000, 6000)]
    later = Base("two", 1, 4100, 4200, at(4200), SEGMENT)
    found = [the(log), the(log, base=later)]
    assert choose(found, at(4199)) == found[0]
    assert choose(found, at(4200)) == found[1]
    assert choose(found, at(6001)) is None
    assert choose(found, at(-1)) is None


def test_a_random_moment_is_in_the_window() -> None:
    window = the([piece(3000, 4000)])
    for seed in range(200):
        assert window.since <= random_moment(window, random.Random(seed)) <= window.until
    assert random_moment(the([]), random.Random(1)) == T0


def test_between_which_moments_a_position_was_reached() -> None:
    window = the([piece(3000, 3500), piece(3500, 4000), piece(4000, 5000)])
    assert moments_at(window, 3600) == (at(3500), at(4000))
    assert moments_at(window, 5000) == (at(5000), at(5000))


# --- properties --------------------------------------------------------------------------------------------------

STRETCHES = st.tuples(st.integers(28, 60), st.integers(0, 12), st.integers(1, 3)).map(
    lambda drawn: piece(drawn[0] * 100, min(drawn[0] + drawn[1], drawn[0] // 10 * 10 + 10) * 100, drawn[2])
)
SWITCHES = st.dictionaries(
    st.integers(2, 3), st.builds(Switch, st.integers(1, 2), st.integers(30, 60).map(lambda number: number * 100))
)


def reach(stretches: Sequence[Stretch], switches: Mapping[int, Switch]) -> dict[int, int]:
    """How far each timeline can be followed."""
    found: dict[int, int] = {}
    for window in windows(BASE, stretches, switches):
        found[window.timeline] = max(found.get(window.timeline, 0), window.end)
    return found


@given(st.lists(STRETCHES, max_size=12), SWITCHES, st.randoms(use_true_random=False))
def test_the_order_of_listing_means_nothing(
    stretches: list[Stretch], switches: dict[int, Switch], rng: random.Random
) -> None:
    shuffled = rng.sample(stretches, len(stretches))
    assert windows(BASE, shuffled, switches) == windows(BASE, stretches, switches)


@examples(150)
@given(st.lists(STRETCHES, min_size=1, max_size=12), SWITCHES, st.data())
def test_less_log_never_reaches_further(
    stretches: list[Stretch], switches: dict[int, Switch], data: st.DataObject
) -> None:
    gone = data.draw(st.integers(0, len(stretches) - 1))
    less = stretches[:gone] + stretches[gone + 1 :]
    before = windows(BASE, stretches, switches)
    for window in windows(BASE, less, switches):
        assert window.end <= max(one.end for one in before)
        for moment in (window.since, window.until):
            assert choose(before, moment) is not None, f"{moment} could not be reached with more log"


@examples(150)
@given(st.lists(STRETCHES, max_size=12), SWITCHES)
def test_less_history_never_reaches_further(stretches: list[Stretch], switches: dict[int, Switch]) -> None:
    furthest = max(one.until for one in windows(BASE, stretches, switches))
    for gone in switches:
        less = {timeline: switch for timeline, switch in switches.items() if timeline != gone}
        assert max(one.until for one in windows(BASE, stretches, less)) <= furthest


@examples(150)
@given(st.lists(STRETCHES, max_size=12), SWITCHES)
def test_what_a_window_claims_is_there_byte_by_byte(stretches: list[Stretch], switches: dict[int, Switch]) -> None:
    for window in windows(BASE, stretches, switches):
        if not window.stretches:
            continue
        files: dict[tuple[int, int], list[Stretch]] = {}
        for one in window.stretches:
            files.setdefault((one.timeline, one.start // SEGMENT), []).append(one)
        for (_, number), own in files.items():
            covered = {byte for one in own for byte in range(one.start // 100, one.end // 100)}
            upto = min(max(one.end for one in own), window.end)
            assert covered >= set(range(number * SEGMENT // 100, upto // 100)), "every file from its beginning"
        whole = {byte for one in window.stretches for byte in range(one.start // 100, one.end // 100)}
        assert whole >= set(range(BASE.end // SEGMENT * SEGMENT // 100, window.end // 100))
