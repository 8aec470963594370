"""What `status` says of the providers, from what the keeper remembers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from outlive.cli.status_provider import lines, not_seen, risks
from outlive.model.observation import Channel, Observation
from outlive.model.stretch import Stretch
from outlive.watch.project_told import Told, told
from tests.watch.made import NOW, seen, settings

STACK = settings(
    '[[hosts]]\nname = "web-1"\naddress = "ssh://root@203.0.113.9"\n'
    '[[providers]]\nname = "cloud"\nkind = "static"\nfile = "servers.toml"\n'
    '[[tofu]]\nname = "infra"\nfolder = "infra"\n'
)


def answer(ago: float) -> Observation:
    return _seen("provider.listing", {"name": "cloud", "ids": ["1"]}, "provider cloud", ago)


def failure(ago: float) -> Observation:
    return _seen(
        "provider.server", {"error": "status", "why": "the API answered with status 500"}, "provider cloud", ago
    )


def finding(kind: str, ago: float, witness: str = "provider cloud", *, alarm: bool = False) -> Observation:
    value = {"kind": kind, "server": "1", "attribute": None, "what": f"{kind}!", "alarm": alarm, "id": f"{kind} 1"}
    return _seen("provider.finding", value, witness, ago)


def plan(ago: float, **value: Any) -> Observation:
    return _seen("tofu.plan", {"name": "infra"} | value, "tofu_plan", ago)


def _seen(fact: str, value: Any, witness: str, ago: float) -> Observation:
    return seen(fact, value, "project", channel=Channel.PROVIDER, witness=witness, ago=ago)


def of(*observations: Observation) -> tuple[Told, Told]:
    provider, tofu = told(STACK, [Stretch.of(one) for one in observations], NOW)
    return provider, tofu


def kinds(one: Told) -> list[str]:
    return [finding["kind"] for finding in one.findings]


def test_who_was_never_asked_is_said_to_be_unheard() -> None:
    provider, _ = of()
    assert (provider.heard_at, provider.no_data, list(not_seen([provider], NOW))) == (None, "", [])
    assert list(lines([provider])) == ["provider cloud: never heard"]


def test_what_the_last_answer_found_stands_and_what_an_older_one_did_is_over() -> None:
    provider, _ = of(answer(60), finding("orphan", 59), finding("duplicate", 360, alarm=True))
    assert kinds(provider) == ["orphan"]


def test_a_change_is_told_for_a_day() -> None:
    day = timedelta(days=1).total_seconds()
    provider, _ = of(answer(60), finding("changed", day - 60, alarm=True), finding("gone", day + 60, alarm=True))
    assert list(risks([provider])) == ["provider cloud: changed!"]


def test_silence_takes_nothing_from_what_was_found_and_is_not_seen() -> None:
    provider, _ = of(answer(600), finding("credit", 599, alarm=True), failure(10))
    assert kinds(provider) == ["credit"]
    (blind,) = not_seen([provider], NOW)
    assert blind["what"] == "provider cloud" and "500" in blind["why"]
    assert blind["from"] == NOW - timedelta(seconds=600)


def test_an_answer_ends_the_silence() -> None:
    provider, _ = of(failure(600), answer(10))
    assert (provider.no_data, list(not_seen([provider], NOW))) == ("", [])


def test_alarms_come_first_and_notes_are_no_risk() -> None:
    provider, _ = of(answer(60), finding("added", 59), finding("duplicate", 58, alarm=True))
    assert kinds(provider) == ["duplicate", "added"]
    assert list(risks([provider])) == ["provider cloud: duplicate!"]
    assert "provider cloud: note: added!" in list(lines([provider]))


def test_drift_is_told_as_long_as_the_last_plan_saw_it() -> None:
    _, tofu = of(plan(60), finding("drift", 59, "tofu infra", alarm=True))
    assert list(risks([tofu])) == ["tofu infra: drift!"]
    _, tofu = of(plan(60), finding("drift", 4000, "tofu infra", alarm=True))
    assert kinds(tofu) == []


def test_a_plan_that_failed_is_not_seen() -> None:
    _, tofu = of(plan(4000), plan(60, error="plan_failed", why="the plan itself failed (exit 1)"))
    (blind,) = not_seen([tofu], NOW)
    assert (blind["what"], blind["why"]) == ("tofu infra", "the plan itself failed (exit 1)")
