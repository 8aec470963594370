"""One contract for what is counted of checks, and for the pulse, on SQLite and on a real Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from outlive.keeper.counting import KEPT, Counting
from outlive.model.observation import Channel, Observation
from outlive.model.schedule import Outcome
from outlive.model.tally import LOG, Tally
from outlive.state.errors import StateFailed
from outlive.state.pulse import pulse
from outlive.state.store import Store
from outlive.state.tallies import Tallies
from outlive.state.telling import Telling
from tests.contracts.test_telling import INCIDENT

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = Tally("web-1", "https://shop.example.com/'; drop", NOON, 2, 1, 1, 0.25, 0.25, "timeout")


def test_hours_are_added_up_and_kept_apart(store: Store) -> None:
    tallies = Tallies(store)
    later = replace(ONE, at=NOON + HOUR)
    tallies.add([ONE, later, replace(ONE, subject="web-2")])
    tallies.add([replace(ONE, why="")])
    assert tallies.of("web-1", ONE.check, NOON) == [ONE + replace(ONE, why=""), later]
    assert tallies.of("web-1", ONE.check, NOON + HOUR) == [later]
    tallies.add([replace(later, check="u", failed=0)])
    found = [(one.last, one.looks, one.failed) for one in tallies.answers("web-1", NOON)]
    assert found == [(later, 6, 3), (replace(later, check="u", failed=0), 2, 0)]
    tallies.prune(NOON + HOUR)
    assert tallies.of("web-2", ONE.check, NOON) == [] and tallies.answers("web-2", NOON) == []


def test_what_was_counted_is_kept_until_it_is_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(Tallies(store))
    value = {"url": "u", "status": 200, "seconds": 0.5}
    seen = Observation(NOON, "http", Channel.OUTSIDE, "u", "http.response", value, "test")
    counting.looked("web-1", [seen, seen])
    counting.behind("shop-db", NOON - timedelta(seconds=2), NOON, "")
    counting.behind("shop-db", None, NOON, "away")

    def away(self: Tallies, fresh: object) -> None:
        raise StateFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Tallies, "add", away)
        with pytest.raises(StateFailed):
            counting.write(NOON)
    counting.write(NOON)
    counting.write(NOON)
    (page,) = Tallies(store).of("web-1", "u", NOON)
    (log,) = Tallies(store).of("shop-db", LOG, NOON)
    assert (page.looks, page.mean_seconds) == (2, 0.5)
    assert (log.looks, log.failed, log.mean_seconds, log.why) == (2, 1, 2.0, "away")
    counting.write(NOON + KEPT + HOUR)
    assert Tallies(store).of("web-1", "u", NOON) == []


def test_the_pulse_beats_when_something_happened(store: Store) -> None:
    telling, felt = Telling(store), [pulse(store)]
    store.set_outcome(Outcome("drill:shop-db", "r1", NOON, True))
    felt.append(pulse(store))
    telling.remember([INCIDENT])
    felt.append(pulse(store))
    telling.acknowledge(INCIDENT.id, "me", NOON)
    felt.append(pulse(store))
    assert telling.release(INCIDENT.id) and not telling.release(999)
    found = telling.incident(INCIDENT.id)
    assert found is not None and not found.is_acknowledged
    felt.append(pulse(store))
    assert len(set(felt)) == 4 and felt[4] == felt[2]
    assert pulse(store) == felt[4], "nothing happened"
