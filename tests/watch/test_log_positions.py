"""What is remembered of how far logs were read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from outlive.watch.log_positions import LogPositions

NOW = datetime(2026, 2, 7, 8, tzinfo=UTC)
FIRST, SECOND = {"offset": 1}, {"offset": 2}


def test_only_what_moved_is_written_and_what_is_gone_is_forgotten() -> None:
    positions = LogPositions()
    positions.take("web-1", {"a": FIRST, "b": FIRST}, NOW)
    positions.take("web-2", {"a": FIRST}, NOW)
    news = positions.unwritten()
    positions.take("web-1", {"a": FIRST, "b": SECOND}, NOW)
    positions.written(news)
    assert list(positions.unwritten()) == [("web-1", "b")]
    positions.written(positions.unwritten())
    positions.take("web-1", {"b": SECOND}, NOW)
    assert positions.unwritten() == {("web-1", "a"): None}
    assert positions.of_reader("web-1") == {"b": SECOND} and positions.of_reader("web-2") == {"a": FIRST}


def test_a_quiet_log_is_written_again_once_a_day_so_that_it_is_not_forgotten() -> None:
    positions = LogPositions()
    for hours in (0, 1, 23, 25):
        positions.take("web-1", {"a": FIRST}, NOW + timedelta(hours=hours))
        written = positions.unwritten()
        assert bool(written) == (hours in (0, 25))
        positions.written(written)
    again = LogPositions.of(one for one in positions.known.values())
    assert again.of_reader("web-1") == {"a": FIRST}
