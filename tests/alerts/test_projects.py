"""What the provider's word is worth as an alert: told at once, never sure, and never twice for one cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outlive.alerts.heartbeat import Signal, beat
from outlive.alerts.projects import SILENT, Alarm, Project
from outlive.alerts.troubles import Seen, explained, seen
from outlive.model.incident import Urgency
from tests.alerts.replay import MINUTE, NOON, judged, memory

MOVED = Alarm(
    "changed 811287 addresses", "changed", "web-1", NOON, "addresses of server 811287: 192.0.2.16 -> 192.0.2.38"
)
CLOUD = Project("provider cloud", (MOVED,))


def looked(*projects: Project, verdict: str = "same_machine_ok") -> Seen:
    return seen(replace(memory(judged(verdict)), projects=projects), NOON)


def told(*projects: Project) -> dict[str, tuple[str, Urgency]]:
    return {one.cause: (one.what, one.urgency) for one in looked(*projects).troubles}


def test_what_makes_another_machine_is_told_and_is_never_sure() -> None:
    (one,) = looked(CLOUD).troubles
    assert (one.cause, one.host, one.sure) == ("project:provider cloud changed 811287 addresses", "web-1", False)
    assert one.what.startswith("provider cloud: addresses of server 811287") and one.urgency is Urgency.HIGH
    assert any("do not taint" in line for line in one.forbidden)


@pytest.mark.parametrize(
    ("verdict", "is_explained"),
    [
        ("machine_replaced", True),
        ("address_moved", True),
        ("suspended", True),
        ("duplicate", True),
        ("rebooted", False),
    ],
)
def test_it_is_held_under_the_verdict_that_it_is_the_news_of(verdict: str, is_explained: bool) -> None:
    host, project = looked(CLOUD, verdict=verdict).troubles
    assert (explained(project, [host, project]) == host) is is_explained


def test_an_api_that_is_away_for_a_while_is_told_and_a_moment_is_not() -> None:
    away = Project("provider cloud", silent_since=NOON - SILENT + MINUTE, why="status 500")
    assert told(away) == {}
    long = replace(away, silent_since=NOON - SILENT)
    assert told(long) == {"unheard:provider cloud": ("provider cloud: its API gives no data: status 500", Urgency.LOW)}


def test_a_plan_that_failed_is_told_at_once() -> None:
    failed = Project("tofu infra", silent_since=NOON, why="the plan itself failed (exit 1): run it by hand to see why")
    assert told(failed)["unheard:tofu infra"][0].startswith(
        "tofu infra: the plan gives no data: the plan itself failed"
    )


def test_what_stood_before_it_fell_silent_goes_on_standing() -> None:
    both = replace(CLOUD, silent_since=NOON - SILENT, why="status 500")
    assert set(told(both)) == {"unheard:provider cloud", "project:provider cloud changed 811287 addresses"}


def test_it_is_no_failure_of_the_keeper() -> None:
    sign = beat(looked(replace(CLOUD, silent_since=NOON - SILENT)), ["web-1"], (), (), NOON)
    assert sign is not None and sign.signal is Signal.SUCCESS
