"""One verdict opens one incident; what it explains is held under it; what comes and goes is one thing."""

from __future__ import annotations

from outlive.alerts.incidents import CALM
from outlive.model.incident import Urgency
from tests.alerts.replay import HOUR, MINUTE, NOON, SECOND, Replay, failed, judged, memory, trouble


def test_one_verdict_is_one_incident_however_often_it_is_seen() -> None:
    world = Replay()
    world.wait(10 * MINUTE, trouble())
    (one,) = world.incidents
    assert one.id == 1 and one.ended_at is None and one.times == 1


def test_a_verdict_that_becomes_another_is_the_same_incident() -> None:
    world = Replay()
    world.see(trouble(name="unreachable_unproven", since=NOON))
    world.now += MINUTE
    world.see(trouble(name="machine_replaced", urgency=Urgency.DATA_LOSS, since=world.now))
    (one,) = world.incidents
    assert one.trouble.name == "machine_replaced" and one.trouble.since == NOON and one.worsened_at == world.now


def test_symptoms_are_held_under_the_diagnosis() -> None:
    world = Replay()
    world.remember(memory(judged("unreachable_unproven"), outcomes=[failed("backup:shop-db"), failed("drill:shop-db")]))
    host, drill = world.incidents
    assert host.cause == "host:web-1" and host.symptoms == ("backup of shop-db failed: no route",)
    assert drill.cause == "drill:shop-db" and drill.symptoms == ()


def test_a_symptom_that_outlives_its_cause_is_told_in_the_end() -> None:
    world = Replay()
    world.remember(memory(judged("unreachable_unproven"), outcomes=[failed("backup:shop-db")]))
    world.now += 10 * MINUTE
    well = judged("same_machine_ok", at=world.now)
    world.remember(memory(well, outcomes=[failed("backup:shop-db")]))
    assert [one.ended_at for one in world.incidents] == [world.now], "the next backup comes by itself"
    world.now += HOUR
    world.remember(memory(judged("same_machine_ok", at=world.now), outcomes=[failed("backup:shop-db")]))
    assert [one.cause for one in world.incidents if one.ended_at is None] == ["backup:shop-db"]


def test_what_begins_after_the_host_is_well_again_is_no_symptom() -> None:
    world = Replay()
    world.remember(memory(judged("unreachable_unproven")))
    world.now += 10 * MINUTE
    world.remember(memory(judged("same_machine_ok", at=world.now)))
    world.now += MINUTE
    late = failed("backup:shop-db", at=world.now)
    world.remember(memory(judged("same_machine_ok", at=world.now), outcomes=[late]))
    assert [one.cause for one in world.incidents if one.ended_at is None] == ["backup:shop-db"]


def test_what_is_not_seen_neither_begins_nor_ends_anything() -> None:
    world = Replay()
    world.see(trouble())
    world.see(unknown=["host:web-1"])
    world.see(all_unknown=True)
    assert world.incidents[0].ended_at is None
    world.see()
    assert world.incidents[0].ended_at is not None


def test_what_comes_back_soon_is_the_same_later_it_is_another() -> None:
    world = Replay()
    world.see(trouble())
    world.see()
    world.now += 10 * MINUTE
    world.see(trouble())
    assert [(one.id, one.times, one.ended_at) for one in world.incidents] == [(1, 2, None)]
    world.see()
    world.now += 2 * HOUR
    world.see(trouble())
    assert [one.id for one in world.incidents] == [1, 2]


def test_what_flaps_is_over_only_when_it_stays_away() -> None:
    world = Replay()
    for _ in range(4):
        world.see(trouble())
        world.now += MINUTE
        world.see()
        world.now += MINUTE
    (one,) = world.incidents
    assert one.is_flapping and one.ended_at is None and one.times == 4
    world.wait(CALM - 2 * MINUTE)
    assert world.incidents[0].ended_at is None
    world.wait(2 * MINUTE, every=SECOND)
    assert world.incidents[0].ended_at is not None
