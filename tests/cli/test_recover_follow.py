"""What `outlive recover` says when a run stands still."""

from __future__ import annotations

from datetime import UTC, datetime

from outlive.cli.recover_follow import stopped
from outlive.model.recovery import Entry, What

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
CURE = {"exit_code": 4, "cure": "approve it"}


def failed(number: int, said: str) -> Entry:
    return Entry("run-1", number, NOON, "order", What.FAILED, "ops", said, CURE)


def test_what_stops_a_run_again_is_told_with_its_cure_though_it_was_noted_once() -> None:
    """A second `--resume` told exit code 5 and no cure."""
    journal = [failed(1, "The lock is held."), failed(2, "It wants an approval.")]
    again = stopped(journal, 2, "It wants an approval.")
    assert (again.exit_code, again.hint) == (4, "approve it") and "order: It wants an approval." in str(again)
    earlier = stopped(journal, 2, "The lock is held.")
    assert "order: The lock is held." in str(earlier)
    other = stopped(journal, 2, "the engine broke")
    assert other.exit_code == 5 and "the engine broke" in str(other)
