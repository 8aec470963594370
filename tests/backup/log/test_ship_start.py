"""Where a stream goes on."""

from __future__ import annotations

from dataclasses import replace

from outlive.backup.log.ship_start import Server, Start, where
from outlive.backup.log.wal_names import Stretch
from outlive.commands.wal import Switch
from outlive.testing.clock import ManualClock

MIB = 1 << 20
SEGMENT = 16 * MIB
SERVER = Server(1, (), position=100 * MIB, kept=50 * MIB, segment_bytes=SEGMENT)
T0 = ManualClock().now()


def piece(start: int, end: int, timeline: int = 1) -> Stretch:
    return Stretch(f"{timeline}/{start}-{end}", timeline, start * MIB, end * MIB, T0, (end - start) * MIB == SEGMENT)


LOG = [piece(48, 64), piece(64, 66), piece(66, 70), piece(70, 70)]


def test_an_empty_vault_begins_where_the_slot_does() -> None:
    assert where(SERVER, []) == Start(48 * MIB, 1, 48 * MIB)


def test_it_goes_on_behind_the_last_piece_and_reads_its_unit_again() -> None:
    assert where(SERVER, LOG) == Start(64 * MIB, 1, 70 * MIB, ("1/64-66", "1/66-70"), ("1/70-70",))


def test_it_goes_on_although_the_slot_begins_later() -> None:
    """A slot that was made anew keeps less, but the server may still have the rest: only it can say that it has not."""
    assert where(replace(SERVER, kept=90 * MIB), LOG).position == 64 * MIB


def test_long_segments_are_read_again_from_their_unit() -> None:
    server = replace(SERVER, segment_bytes=64 * MIB)
    log = [piece(64, 80), piece(80, 81)]
    assert where(server, log) == Start(80 * MIB, 1, 81 * MIB, ("1/80-81",))
    assert where(server, []) == Start(0, 1, 0), "the first time from the beginning of the segment"


def test_what_an_earlier_run_could_not_remove() -> None:
    """Pieces of a unit that is there as a whole, a piece whose answer was lost, the mark of an idle hour."""
    old = [piece(32, 48), piece(32, 40), piece(40, 48), piece(40, 40), piece(48, 52), piece(64, 65)]
    start = where(SERVER, [*LOG, *old])
    assert set(start.litter) == {"1/32-40", "1/40-48", "1/40-40", "1/48-52", "1/64-65"}
    assert start.marks == ("1/70-70",)


# --- timelines: promoted at 72 MiB -------------------------------------------------------------------------------

PROMOTED = Server(2, (Switch(1, 72 * MIB),), position=100 * MIB, kept=90 * MIB, segment_bytes=SEGMENT)


def test_the_old_timeline_is_read_to_its_end_first() -> None:
    start = where(PROMOTED, LOG)
    assert (start.timeline, start.position, start.durable) == (1, 64 * MIB, 70 * MIB)


def test_then_the_new_one_from_the_segment_of_the_switch() -> None:
    start = where(PROMOTED, [*LOG, piece(70, 72)])
    assert start == Start(64 * MIB, 2, 64 * MIB)


def test_what_only_the_old_primary_had_does_not_hold_up_the_new_one() -> None:
    start = where(PROMOTED, [*LOG, piece(70, 80), piece(80, 81)])
    assert start == Start(64 * MIB, 2, 64 * MIB)


def test_on_the_new_timeline_it_goes_on_there() -> None:
    start = where(PROMOTED, [*LOG, piece(64, 74, 2)])
    assert start == Start(64 * MIB, 2, 74 * MIB, ("2/64-74",))


def test_an_empty_vault_and_a_slot_before_the_switch() -> None:
    start = where(replace(PROMOTED, kept=60 * MIB), [])
    assert (start.timeline, start.position) == (1, 48 * MIB)


def test_a_timeline_that_does_not_descend_from_what_the_vault_has() -> None:
    start = where(PROMOTED, [piece(64, 80, 3)])
    assert start.gap == "the server is on timeline 2, which did not come from timeline 3."
    assert (start.position, start.timeline) == (80 * MIB, 2)


# --- put back ----------------------------------------------------------------------------------------------------


def test_a_server_behind_its_own_log_was_put_back() -> None:
    """A snapshot of its disk, brought back without a new timeline: the same positions will hold other log."""
    start = where(replace(SERVER, position=60 * MIB, kept=52 * MIB), LOG)
    assert (
        start.rolled_back
        and start.gap == "the server is at 0/3C00000, but had written up to 0/4600000 before: it was put back."
    )
    assert (start.position, start.durable) == (48 * MIB, 48 * MIB)


def test_a_server_that_is_just_where_it_was_was_not() -> None:
    assert not where(replace(SERVER, position=70 * MIB), LOG).rolled_back
