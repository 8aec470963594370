"""What is known of everything that was seen, and what of it is still to be written."""

from __future__ import annotations

from outlive.watch.recall import HORIZON, Recall
from tests.watch.made import NOW, seen

DAY = 86400.0
WEEKS = HORIZON.total_seconds() * 2


def test_the_judge_is_told_first_and_last_of_every_stretch() -> None:
    recall = Recall()
    recall.add(seen("ssh.host_key", key, ago=100 - at) for at, key in enumerate("aaabbbba"))
    told = sorted(recall.evidence(NOW), key=lambda one: one.at)
    assert [(one.value, 100 - (NOW - one.at).total_seconds()) for one in told] == [
        ("a", 0),
        ("a", 2),
        ("b", 3),
        ("b", 6),
        ("a", 7),
    ]


def test_of_what_was_seen_long_ago_only_the_last_is_told() -> None:
    recall = Recall()
    recall.add([seen("ssh.host_key", "a", ago=2 * WEEKS), seen("ssh.host_key", "b", ago=WEEKS)])
    assert [one.value for one in recall.evidence(NOW)] == ["b"]


def test_what_changed_is_to_be_written_until_it_was() -> None:
    recall = Recall()
    recall.add([seen("ssh.host_key", "a", ago=20), seen("guest.hostname", "web-1", ago=20)])
    first = recall.unwritten()
    recall.add([seen("ssh.host_key", "a", ago=10)])
    recall.written(first)
    (longer,) = recall.unwritten()
    assert (longer.first.fact, longer.times) == ("ssh.host_key", 2), "lengthened while the first was being written"
    recall.written([longer])
    assert recall.unwritten() == []


def test_it_goes_on_with_what_was_remembered() -> None:
    before = Recall()
    before.add([seen("ssh.host_key", "a", ago=60)])
    after = Recall(before.unwritten())
    after.add([seen("ssh.host_key", "a", ago=30)])
    (stretch,) = after.unwritten()
    assert stretch.times == 2
    assert [one.value for one in after.present()] == ["a"]
