"""One contract for what is remembered of incidents and messages, on SQLite and on a real Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from outlive.model.incident import Delivery, Incident, Sending, Told, Trouble, Urgency
from outlive.model.observation import Channel, Observation
from outlive.state.store import Store
from outlive.state.telling import Telling

NOON = datetime(2026, 2, 7, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TROUBLE = Trouble(
    "host:web-1", "cloned", "web-1", Urgency.HIGH, NOON, "two of it ü", False, ("ask",), ("'; drop",), True
)
INCIDENT = Incident(
    7,
    TROUBLE,
    NOON,
    NOON + MINUTE,
    gone_since=NOON + 2 * MINUTE,
    times=3,
    symptoms=("backup failed",),
    told={"phone": Told(NOON, NOON + MINUTE, "cloned", True)},
    failed={"mail": NOON},
)


@pytest.fixture
def telling(store: Store) -> Telling:
    return Telling(store)


def sending(number: int, channel: str = "phone", at: datetime = NOON) -> Sending:
    return Sending(f"alert:{channel}:{number}", channel, at, "title", "body ü", False, (7,), ("opened",))


def test_it_is_empty_at_first(telling: Telling) -> None:
    assert telling.incidents() == telling.queued() == [] and telling.latest() == {}
    assert telling.incident(1) is None and telling.next_number() == 1


def test_an_incident_comes_back_as_it_was(telling: Telling) -> None:
    telling.remember([INCIDENT])
    assert telling.incidents() == [INCIDENT] and telling.incident(7) == INCIDENT and telling.next_number() == 8


def test_open_ones_and_those_that_ended_lately(telling: Telling) -> None:
    old = replace(INCIDENT, id=1, ended_at=NOON - MINUTE)
    telling.remember([old, INCIDENT])
    assert telling.incidents(NOON) == [INCIDENT] and telling.incidents(NOON - MINUTE) == [old, INCIDENT]
    telling.remember([replace(INCIDENT, ended_at=NOON)])
    assert telling.incidents(NOON + MINUTE) == []


def test_an_acknowledgement_is_not_lost_when_the_keeper_writes(telling: Telling) -> None:
    telling.remember([INCIDENT])
    assert telling.acknowledge(7, "ann", NOON + MINUTE) and not telling.acknowledge(8, "ann", NOON)
    telling.remember([replace(INCIDENT, times=9)])
    found = telling.incident(7)
    assert found is not None and (found.times, found.acknowledged_by) == (9, "ann") and found.is_acknowledged


def test_messages_are_queued_with_their_incidents_or_not_at_all(telling: Telling) -> None:
    telling.remember([INCIDENT], [sending(1)])
    assert telling.queued() == [sending(1)] == telling.sendings(7)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        telling.remember([replace(INCIDENT, id=8)], [sending(1)])
    assert telling.incident(8) is None


def test_how_a_message_came_out(telling: Telling) -> None:
    telling.remember([INCIDENT], [sending(1), sending(2, at=NOON + MINUTE), sending(3, "mail")])
    telling.ended("alert:phone:1", Delivery.SENT, "", NOON)
    telling.ended("alert:phone:2", Delivery.FAILED, "status 500", NOON + MINUTE)
    assert [one.id for one in telling.queued()] == ["alert:mail:3"]
    assert {one.id for one in telling.latest().values()} == {"alert:phone:2", "alert:mail:3"}
    assert telling.latest(Delivery.SENT)["phone"].id == "alert:phone:1"
    assert telling.latest(Delivery.SENT, Delivery.FAILED)["phone"].why == "status 500"


def test_what_is_old_is_forgotten_but_for_the_last_word_of_each_channel(telling: Telling) -> None:
    telling.remember([replace(INCIDENT, ended_at=NOON), replace(INCIDENT, id=8)], [sending(1), sending(2), sending(3)])
    for number in (1, 2):
        telling.ended(f"alert:phone:{number}", Delivery.SENT, "", NOON)
    telling.prune(NOON + MINUTE)
    assert [one.id for one in telling.incidents()] == [8]
    assert [one.id for one in telling.latest(Delivery.SENT).values()] == ["alert:phone:2"]
    assert [one.id for one in telling.queued()] == ["alert:phone:3"]


def test_what_people_note_comes_back_once_with_when_it_was_learnt(telling: Telling) -> None:
    note = Observation(NOON, "ann", Channel.PERSON, "web-1", "claim", {"text": "it is gone ü"})
    of_all = Observation(NOON - MINUTE, "gh", Channel.TELEMETRY, "web-1", "action", {"what": "deploy"})
    assert telling.note(7, [note, note], NOON + MINUTE) == 1 and telling.note(7, [note], NOON + 2 * MINUTE) == 0
    assert telling.note(None, [of_all], NOON) == 1
    assert telling.notes(7) == [replace(of_all, observed_at=NOON), replace(note, observed_at=NOON + MINUTE)]
    assert telling.notes(8) == [replace(of_all, observed_at=NOON)]
