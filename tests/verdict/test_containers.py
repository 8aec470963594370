"""Crash loop, hang, broken health check, stop by hand: told apart by what containers say of their lives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from outlive.model.observation import Channel, Observation, rfc3339
from outlive.verdict.judging import Judging
from tests.verdict.scenes import NOW, enrolled, look, saw, verdict

DOWN, HUNG, OK = "same_machine_app_down", "same_machine_app_hung", "same_machine_ok"
LIVE = Judging()


def death(ago: float, lived: float, code: int = 1, by: str = "itself", **more: Any) -> dict[str, Any]:
    at = rfc3339(NOW - timedelta(seconds=ago))
    return {"at": at, "exit_code": code, "lived_seconds": lived, "by": by, **more}


def box(*deaths: dict[str, Any], since: float = 5, ago: float = 0, **more: Any) -> Observation:
    started = rfc3339(NOW - timedelta(seconds=since))
    value = {"service": "app", "project": "shop", "id": "c1", "started_at": started, "restart_count": len(deaths)}
    rest = {"exit_code": None, "health": "none", "oom_killed": False, "restart_policy": "always"}
    return saw("container", value | rest | {"deaths": list(deaths)} | more, "web-1", ago)


def told(*seen: Observation, outcome: int | str = 200, settings: Judging = LIVE) -> tuple[str, str]:
    found = verdict(enrolled(), look(page=outcome), *seen, settings=settings)
    return found.name.value, " ".join(found.advice)


def test_a_quick_loop_is_more_than_three_restarts_in_ten_minutes() -> None:
    four = [death(ago, 60) for ago in (300, 220, 140, 60)]
    name, advice = told(box(*four))
    assert name == DOWN and "shop/app is in a crash loop" in advice and "the last lives 60 s" in advice
    assert "exit code 1" in advice and "starts shop/app for ever" in advice
    assert told(box(*four[1:], since=60))[0] == OK
    assert told(box(death(3000, 3000), death(1500, 3000), death(900, 900), death(700, 700), since=700))[0] == OK


def test_the_rule_can_be_changed() -> None:
    two = box(death(40, 20, 0), death(20, 20, 0))
    assert told(two)[0] == OK
    assert told(two, settings=Judging(restarts=1))[0] == DOWN
    assert told(two, settings=Judging(restarts=1, restart_window_seconds=30))[0] == OK


@pytest.mark.parametrize("lived", [150, 299, 590])
def test_a_slow_loop_is_seen_too(lived: float) -> None:
    lives = [death(step * lived + 30, lived) for step in (2, 1, 0)]
    assert told(box(*lives, since=30))[0] == DOWN


def test_what_looks_like_a_slow_loop_and_is_none() -> None:
    lives = [death(step * 300 + 30, 300) for step in (2, 1, 0)]
    assert told(box(*lives[1:], since=30))[0] == OK, "two are no series"
    assert told(box(*(one | {"exit_code": 0} for one in lives), since=30))[0] == OK, "its work is done each time"
    assert told(box(*(one | {"lived_seconds": 4000} for one in lives), since=30))[0] == OK
    assert told(box(*lives, since=1500))[0] == OK, "the present life lasts"


def test_a_person_or_a_deploy_is_no_loop_and_a_watchdog_is_named() -> None:
    ordered = [death(ago, 60, 143, by="command") for ago in (300, 220, 140, 60)]
    name, advice = told(box(*ordered))
    assert name == OK and "ended 4 times by a command" in advice and "crash loop" not in advice
    assert told(box(*ordered[2:])) == (OK, "")


def test_who_listens_no_more_does_not_hang() -> None:
    """Although something said before that it waited in vain, or was told to stop."""
    waited = saw(
        "http.response", {"url": "http://app:3000", "error": "headers_timeout"}, "web-1", channel=Channel.INSIDE
    )
    stopped = box(death(5, 900, 0, by="command"), exit_code=0)
    assert told(waited, outcome=502)[0] == HUNG
    assert told(waited, outcome="connect_refused")[0] == DOWN
    assert told(waited, stopped, outcome=502)[0] == DOWN
    assert told(stopped)[0] == OK, "its page answers"


def test_a_loop_that_has_ended_is_over_and_one_that_goes_on_is_not() -> None:
    loop = [death(ago, 2) for ago in (300, 280, 260, 240, 220)]
    ended = death(100, 3, 137, by="command")
    assert told(box(*loop, ended, since=99))[0] == OK
    assert told(box(*loop, ended, since=10))[0] == DOWN
    name, advice = told(box(*loop, since=200))
    assert name == OK and "was in a crash loop (5 ends lately, the last lives 2 s" in advice, "what it needs is back"
    assert told(box(*loop, death(10, 200, 137, by="command"), since=9))[0] == OK, "it was well before it was restarted"
    assert told(box(*loop, death(180, 20, 137, by="command"), since=9))[0] == DOWN, "it was not"
    assert told(box(*loop, death(10, 200, 137), since=9))[0] == OK, "the machine was rebooted"
    assert told(box(*(death(ago, 90) for ago in (500, 400, 300, 200)), since=170))[0] == DOWN, "its lives are long"
    assert told(box(*loop, ended, *(death(ago, 2) for ago in (80, 60, 40, 20)), since=19))[0] == DOWN


@pytest.mark.parametrize("lived", [2, 90])
def test_a_reboot_after_a_loop_that_had_ended_is_no_loop_although_nobody_tells_of_the_last_death(lived: float) -> None:
    """The engine forgets its events with the machine."""
    loop = [death(560 - step * 20, lived) for step in range(5)]
    mended, rebooted = box(*loop, since=470, ago=60), box(*loop, since=20)
    assert told(box(*loop, since=470, ago=460), mended, rebooted)[0] == OK
    assert told(box(*loop, since=470, ago=460), rebooted)[0] == DOWN, "nobody saw that it was mended"
    again = box(*loop, *(death(ago, 2) for ago in (50, 40, 30, 25)), since=20)
    assert told(mended, again)[0] == DOWN, "the reboot mended nothing"


def test_without_events_lives_are_counted_and_not_those_before_one_that_was_well() -> None:
    def seen(since: float, ago: float, **more: Any) -> Observation:
        return box(since=since, ago=ago, restart_count=0, deaths=None, **more)

    loop = [seen(since, since - 2) for since in (560, 540, 520, 500)]
    assert told(*loop, seen(480, 475))[0] == DOWN
    mended, rebooted = seen(480, 60), seen(20, 0)
    assert told(*loop, mended, rebooted)[0] == OK
    assert told(*loop, seen(480, 470), rebooted)[0] == DOWN
    assert told(*loop, mended, *(seen(since, since - 2) for since in (50, 40, 30)), rebooted)[0] == DOWN


def test_a_restart_count_that_grows_is_a_loop_although_the_events_are_lost() -> None:
    """The engine was restarted, or remembers 256 other events."""
    assert told(box(ago=500, since=700, restart_count=2), box(restart_count=7))[0] == DOWN
    assert told(box(ago=500, since=700, restart_count=9), box(restart_count=0))[0] == OK


def test_a_container_made_anew_is_the_same_service() -> None:
    own = [death(ago, 60) for ago in (300, 220)]
    assert told(box(*own, death(140, 60), death(60, 60), id="c9", restart_count=0))[0] == DOWN


def test_stopped_by_hand() -> None:
    stopped = box(death(60, 4000, 137, by="command"), exit_code=137)
    name, advice = told(stopped)
    assert name == OK and "told to stop" in advice
    assert told(stopped, outcome=502)[0] == DOWN
    assert told(box(death(60, 4000, 137), exit_code=137))[0] == DOWN, "it ended by itself"


def test_unhealthy_and_a_check_that_lacks_its_program() -> None:
    name, advice = told(box(health="unhealthy", health_lacks="curl", since=4000))
    assert name == OK and "calls curl, which its image does not have" in advice
    name, advice = told(box(health="unhealthy", since=4000), outcome=502)
    assert name == DOWN and "Docker does not restart it for that" in advice


def test_killed_for_memory_whole_or_only_a_child() -> None:
    assert "killed for want of memory (shop/app)" in told(box(death(60, 60, 137, oom=True)))[1]
    name, advice = told(box(since=4000, child_oom_kills=2))
    assert name == OK and "shop/app lives on, but 2 of its processes were killed" in advice


def test_a_hang_is_said_to_be_no_loop() -> None:
    name, advice = told(box(since=80000), outcome="headers_timeout")
    assert name == HUNG and "no crash loop: shop/app runs without a restart" in advice


@pytest.mark.parametrize("odd", [7, "x", [1, None], [{"at": 3, "lived_seconds": "x"}], [{"at": "x"}, {"by": []}]])
def test_nonsense_is_no_loop(odd: Any) -> None:
    assert told(box(since=4000, deaths=odd, restart_count="x", health_lacks=4, child_oom_kills="x"))[0] == OK
