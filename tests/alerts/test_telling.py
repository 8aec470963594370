"""Who is told when: at once, repeated, escalated, held back, acknowledged, over. No page is false and none is lost."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlive.alerts import telling
from outlive.alerts.telling import TRY_AGAIN, Channel, Policy, Quiet, to_test
from outlive.model.incident import Kind, Trouble, Urgency
from outlive.model.watching import Window
from tests.alerts.replay import HOUR, MAIL, MINUTE, NOON, PHONE, SECOND, Replay, trouble

NIGHT = Quiet(time(22), time(7), UTC)
LOSS = trouble(name="machine_replaced", urgency=Urgency.DATA_LOSS)


def acknowledge(world: Replay) -> None:
    world.incidents = [replace(one, acknowledged_at=world.now, acknowledged_by="ann") for one in world.incidents]


def test_it_is_told_once_after_a_moment() -> None:
    world = Replay()
    assert world.see(trouble()) == []
    world.wait(5 * MINUTE, trouble())
    assert world.told == [("phone", Kind.OPENED, "host:web-1")]


def test_loss_of_data_is_told_at_once() -> None:
    world = Replay()
    world.see(LOSS)
    assert world.kinds() == [Kind.OPENED]


def test_what_begins_together_is_one_message_the_gravest_first() -> None:
    world = Replay()
    world.see(trouble("host:web-1"))
    world.now += 3 * SECOND
    world.see(trouble("host:web-1"), trouble("host:web-2"))
    world.now += 3 * SECOND
    (notice,) = world.see(trouble("host:web-1"), replace(LOSS, cause="host:web-2"))
    assert [item.incident.cause for item in notice.items] == ["host:web-2", "host:web-1"]


def test_it_is_repeated_while_nobody_answers() -> None:
    world = Replay()
    world.wait(9 * HOUR, trouble(), every=MINUTE)
    assert world.kinds() == [Kind.OPENED, Kind.REPEATED, Kind.REPEATED]


def test_after_a_while_the_next_step_is_told() -> None:
    world = Replay()
    world.wait(14 * MINUTE, trouble())
    assert world.kinds("mail") == []
    world.wait(2 * MINUTE, trouble())
    assert world.kinds("mail") == [Kind.ESCALATED]


def test_who_acknowledges_is_left_alone_and_so_are_the_others() -> None:
    world = Replay()
    world.wait(MINUTE, trouble())
    acknowledge(world)
    world.wait(9 * HOUR, trouble(), every=MINUTE)
    assert world.told == [("phone", Kind.OPENED, "host:web-1")]
    world.see()
    assert world.kinds() == [Kind.OPENED, Kind.RECOVERED] and world.kinds("mail") == []


def test_what_becomes_worse_is_told_though_acknowledged() -> None:
    world = Replay()
    world.wait(MINUTE, trouble(name="unreachable_unproven"))
    acknowledge(world)
    world.now += SECOND
    world.wait(20 * MINUTE, LOSS)
    assert world.kinds() == [Kind.OPENED, Kind.CHANGED] and world.kinds("mail") == [Kind.ESCALATED]


def test_that_it_is_sure_now_is_news() -> None:
    world = Replay()
    world.wait(MINUTE, replace(LOSS, sure=False))
    world.wait(MINUTE, LOSS)
    world.wait(MINUTE, replace(LOSS, sure=False))
    assert world.kinds() == [Kind.OPENED, Kind.CHANGED]


def test_the_end_is_told_to_all_who_were_told_and_to_nobody_else() -> None:
    world = Replay(policy=Policy((PHONE, MAIL, Channel("loss", least=Urgency.DATA_LOSS))))
    world.wait(MINUTE, trouble())
    world.wait(MINUTE)
    assert world.told == [("phone", Kind.OPENED, "host:web-1"), ("phone", Kind.RECOVERED, "host:web-1")]


def test_what_was_over_before_anybody_was_told_is_not_told() -> None:
    world = Replay()
    world.see(trouble())
    world.now += 3 * SECOND
    world.wait(HOUR)
    assert world.told == []


def test_what_comes_again_is_told_again_and_flapping_is_not_told_each_time() -> None:
    world = Replay()
    for _ in range(30):
        world.wait(MINUTE, trouble())
        world.wait(MINUTE)
    assert world.kinds()[:4] == [Kind.OPENED, Kind.RECOVERED, Kind.AGAIN, Kind.RECOVERED]
    assert len(world.kinds()) <= 6, world.kinds()
    world.wait(20 * MINUTE)
    assert world.kinds()[-1] is Kind.RECOVERED


# --- held back ---------------------------------------------------------------------------------------------------


def at(hour: int) -> datetime:
    return NOON.replace(hour=hour)


def test_at_night_only_loss_of_data_is_told() -> None:
    world = Replay(policy=Policy((replace(PHONE, quiet=NIGHT),)), now=at(23))
    world.wait(HOUR, trouble())
    assert world.told == []
    world.wait(MINUTE, trouble(), LOSS := replace(trouble("host:web-2"), urgency=Urgency.DATA_LOSS))
    assert world.told == [("phone", Kind.OPENED, "host:web-2")]
    world.wait(8 * HOUR, trouble(), LOSS, every=MINUTE)
    assert ("phone", Kind.OPENED, "host:web-1") in world.told, "in the morning"


def test_at_night_the_next_step_is_told_when_the_first_must_not_be() -> None:
    world = Replay(policy=Policy((replace(PHONE, quiet=NIGHT), MAIL)), now=at(23))
    world.wait(MINUTE, trouble())
    assert world.told == [("mail", Kind.OPENED, "host:web-1")]


def test_what_came_and_went_at_night_is_told_once_in_the_morning() -> None:
    world = Replay(policy=Policy((replace(PHONE, quiet=NIGHT), replace(MAIL, quiet=NIGHT))), now=at(23))
    world.wait(MINUTE, trouble(), trouble("host:web-2"), trouble("host:web-3", urgency=Urgency.LOW))
    world.wait(8 * HOUR - 2 * MINUTE, every=MINUTE)
    assert world.told == []
    world.wait(2 * HOUR, every=MINUTE)
    assert world.told == [("phone", Kind.AFTERWARDS, "host:web-1"), ("phone", Kind.AFTERWARDS, "host:web-2")]
    world.wait(MINUTE, trouble())
    assert world.kinds()[2:] == [Kind.OPENED], "the next time is another incident"


@pytest.mark.parametrize("why", ["announced", "acknowledged", "a moment"])
def test_in_the_morning_nobody_hears_of_what_would_not_have_been_told_by_day(why: str) -> None:
    windows = [Window("web-1", at(22), at(23) + HOUR, "reboot", "ann")] if why == "announced" else []
    world = Replay(policy=Policy((replace(PHONE, quiet=NIGHT),)), now=at(23), windows=windows)
    world.wait(3 * SECOND if why == "a moment" else MINUTE, trouble(), every=3 * SECOND)
    if why == "acknowledged":
        acknowledge(world)
    world.wait(12 * HOUR, every=MINUTE if why != "a moment" else SECOND * 2)
    assert world.told == []


def test_an_end_at_night_is_told_in_the_morning_to_who_heard_of_it_by_day() -> None:
    world = Replay(policy=Policy((replace(PHONE, quiet=NIGHT),)), now=at(21))
    world.wait(HOUR, trouble(), every=MINUTE)
    world.wait(10 * HOUR, every=MINUTE)
    assert world.kinds() == [Kind.OPENED, Kind.RECOVERED]


def test_quiet_hours_are_those_of_the_place() -> None:
    berlin = Quiet(time(22), time(7), ZoneInfo("Europe/Berlin"))
    assert berlin.covers(datetime(2026, 2, 7, 21, 30, tzinfo=UTC)) and not berlin.covers(
        datetime(2026, 7, 7, 5, 30, tzinfo=UTC)
    )
    assert Quiet(time(12), time(13), UTC).covers(NOON) and not Quiet(time(12), time(13), UTC).covers(at(13))


def test_work_that_was_announced_is_not_told_unless_data_is_lost() -> None:
    window = Window("web-1", NOON, NOON + HOUR, "reboot", "ann")
    world = Replay(windows=[window])
    world.wait(59 * MINUTE, trouble(), trouble("host:web-2"))
    assert {cause for _, _, cause in world.told} == {"host:web-2"}
    world.wait(2 * MINUTE, trouble(), trouble("host:web-2"))
    assert ("phone", Kind.OPENED, "host:web-1") in world.told, "what is left when the work is over"
    loss = Replay(windows=[window])
    loss.see(LOSS)
    assert loss.kinds() == [Kind.OPENED]


def test_a_channel_hears_only_what_is_urgent_enough_for_it() -> None:
    world = Replay(policy=Policy((Channel("phone", least=Urgency.HIGH), Channel("mail"))))
    world.wait(MINUTE, trouble(urgency=Urgency.LOW))
    assert world.kinds("phone") == [] and world.kinds("mail") == [Kind.OPENED]


# --- channels that fail ------------------------------------------------------------------------------------------


def test_when_the_first_cannot_be_told_the_next_are() -> None:
    world = Replay(broken={"phone": True})
    world.wait(30 * SECOND, trouble(), every=SECOND)
    assert world.kinds("mail") == [Kind.OPENED]


def test_a_channel_that_failed_is_tried_again_until_it_is_told() -> None:
    world = Replay(broken={"phone": True})
    world.wait(2 * TRY_AGAIN, trouble())
    assert world.kinds() == [Kind.OPENED, Kind.OPENED]
    world.broken = {}
    world.wait(HOUR, trouble())
    assert world.kinds() == [Kind.OPENED, Kind.OPENED, Kind.OPENED]


def test_an_end_that_could_not_be_told_is_told_later() -> None:
    world = Replay(policy=Policy((PHONE,)))
    world.wait(MINUTE, trouble())
    world.broken = {"phone": True}
    world.see()
    world.broken = {}
    world.wait(10 * MINUTE)
    assert world.kinds() == [Kind.OPENED, Kind.RECOVERED, Kind.RECOVERED]


def test_that_a_channel_fails_is_told_by_the_others() -> None:
    world = Replay(policy=Policy((PHONE, Channel("mail"))))
    world.wait(MINUTE, trouble("channel:phone", "unreachable"))
    assert world.told == [("mail", Kind.OPENED, "channel:phone")]
    world = Replay()
    world.wait(MINUTE, trouble("channel:phone", "unreachable"))
    assert world.told == [("mail", Kind.OPENED, "channel:phone")], "also by those that are told later else"


def test_each_channel_is_tested_weekly_unless_it_was_used() -> None:
    def names(tried: dict[str, datetime], deaf: tuple[str, ...] = ()) -> list[str]:
        return [one.channel for one in to_test(Replay().policy, tried, deaf, NOON)]

    assert names({}) == ["phone", "mail"], "never tried"
    assert names({"phone": NOON - timedelta(days=6), "mail": NOON - timedelta(days=7)}) == ["mail"]
    assert names({"phone": NOON - 2 * HOUR, "mail": NOON}, deaf=("phone", "mail")) == ["phone"]
    assert names({"phone": NOON + HOUR, "mail": NOON}) == ["phone"], "the clock was wrong"


# --- a day -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.integers(0, 10_000))
def test_a_day_of_anything_has_no_false_page_and_loses_none(seed: int) -> None:
    """Hosts that come and go, a phone that fails for hours, times in which nothing is seen."""
    draw = random.Random(seed)
    world = Replay(policy=Policy((PHONE, MAIL)))
    wrong: dict[str, Trouble] = {}
    for _ in range(24 * 60):
        world.now += MINUTE
        world.broken = {"phone": draw.random() < 0.3, "mail": draw.random() < 0.1}
        if draw.random() < 0.02:
            host = draw.choice(("host:a", "host:b", "backup:c"))
            wrong.pop(host, None) if host in wrong else wrong.setdefault(host, trouble(host, since=world.now))
        before = len(world.told)
        blind = draw.random() < 0.1
        world.see(*(() if blind else wrong.values()), all_unknown=blind)
        for _, kind, cause in world.told[before:]:
            assert kind is Kind.RECOVERED or cause in wrong or _is_open(world, cause), "a false page"
    world.broken = {}
    world.wait(HOUR, *wrong.values(), every=MINUTE)
    for one in world.incidents:
        if one.ended_at is None and one.cause in wrong:
            assert any(not told.over and told.name for told in one.told.values()), "a lost page"
        if one.ended_at is not None:
            assert all(told.over for told in one.told.values()), "an end that nobody heard of"


def _is_open(world: Replay, cause: str) -> bool:
    return any(one.cause == cause and one.ended_at is None for one in world.incidents)


def test_what_is_on_its_way_is_marked_and_nothing_else_is() -> None:
    world = Replay()
    world.see(LOSS)
    assert set(world.incidents[0].told) == {"phone"}
    assert telling.after(world.incidents, [], NOON) == world.incidents
