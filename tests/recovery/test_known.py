"""What the gate knows of a target: the outage replayed, and a machine whose place another has taken."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from outlive.commands.tofu import read_plan
from outlive.model.host import Host
from outlive.model.observation import Observation
from outlive.model.verdict import Address, Name, Verdict
from outlive.model.watching import Enrolment
from outlive.recovery.gate import Target, Waiver, gate, is_open
from outlive.recovery.known import Looked, Words, circumstances, host_of, is_former
from outlive.recovery.plan_guard import guard
from outlive.verdict.judge import judge
from outlive.verdict.judging import Judging

STORIES = Path(__file__).parents[1] / "stories"
NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
OLD, NEW = "192.0.2.16", "203.0.113.7"
TARGET = Target("811287", OLD, "web-1")
WORD = Waiver("ops", NOON, "copied by rescue mode")
WELL = Verdict("web-1", Name.SAME_MACHINE_OK, True)
MOVED = (
    Enrolment("web-1", NOON - timedelta(days=9), "ops", "init", {"address": [OLD], "guest.machine_id": "old"}),
    Enrolment("web-1", NOON - timedelta(hours=1), "ops", "enrol", {"address": [NEW], "guest.machine_id": "new"}),
)
ALL = Words(TARGET, {"loss": WORD, "kept": WORD, "order": WORD})


def looked(verdict: Verdict, **answers: str | None) -> Looked:
    named = {"old": OLD, "new": NEW}
    return Looked(NOON, (verdict,), tuple(Address(named[where], (), who) for where, who in answers.items()))


def shut(found: Looked, words: Words, enrolments: tuple[Enrolment, ...] = MOVED[:1]) -> list[str]:
    known = circumstances(TARGET, "web-1", found, enrolments, words)
    return [one.name for one in gate(TARGET, known, NOON) if not one.is_met]


def test_the_outage_is_refused_and_says_which_address_still_answers() -> None:
    """The story of the outage as a keeper would have seen it: the app hangs, another machine was looked at."""
    lines = (STORIES / "f1-wrong-machine/evidence.jsonl").read_text().splitlines()
    evidence = [Observation.from_json(json.loads(line)) for line in lines]
    at = max(one.at for one in evidence)
    found = judge(evidence, now=at, settings=Judging.recorded())
    wrong = next(one for one in found.hosts if one.name is Name.SAME_MACHINE_APP_HUNG or "production" in one.host)
    answering = [one.address for one in found.addresses if one.answers_as == wrong.host]
    assert answering
    target = Target("811287", answering[0], wrong.host)
    everything = Words(target, {"loss": WORD, "kept": WORD, "order": WORD})
    seen = Looked(at, found.hosts, found.addresses)
    conditions = gate(target, circumstances(target, wrong.host, seen, (), everything), at)
    (closed,) = [one for one in conditions if not one.is_met]
    assert closed.name == "silent" and f"{answering[0]} still answers as {wrong.host}" in closed.why


def test_a_machine_that_answers_is_not_destroyed_whatever_is_said() -> None:
    assert shut(looked(WELL, old="web-1"), ALL) == ["silent"]


def test_one_that_nobody_asked_is_not_destroyed() -> None:
    assert "seen" in shut(looked(Verdict("web-1", Name.MACHINE_REPLACED, True), new=None), ALL)


def test_the_former_machine_may_go_when_the_new_one_serves() -> None:
    found = looked(WELL, old=None, new="web-1")
    assert shut(found, Words(TARGET, {"loss": WORD, "kept": WORD}), MOVED) == []
    assert shut(found, Words(TARGET), MOVED) == ["lost or proven", "kept"]
    assert shut(looked(WELL, old="web-1", new="web-1"), ALL, MOVED) == ["silent"], "it came back"
    ill = Verdict("web-1", Name.SAME_MACHINE_APP_DOWN, True)
    assert "silent" in shut(looked(ill, old=None, new="web-1"), ALL, MOVED), "the new one does not serve"


def test_a_second_address_of_the_same_machine_makes_no_former_one() -> None:
    same = (MOVED[0], replace(MOVED[1], facts={"address": [NEW], "guest.machine_id": "old"}))
    both = (MOVED[0], replace(MOVED[1], facts={"address": [OLD, NEW], "guest.machine_id": "new"}))
    unknown = (replace(MOVED[0], facts={"address": [OLD]}), MOVED[1])
    for enrolments in (same, both, unknown, MOVED[:1], ()):
        assert not is_former(TARGET, enrolments)
        assert "silent" in shut(looked(WELL, old=None, new="web-1"), ALL, enrolments)
    assert is_former(TARGET, MOVED)


def test_which_host_is_meant() -> None:
    hosts = (Host(name="web-1", address=f"ssh://{OLD}"), Host(name="web-2", address=f"ssh://{NEW}", server_id="811287"))
    assert host_of(TARGET, hosts, looked(WELL, old="web-1")) == "web-1", "who answers there, before what an id says"
    assert host_of(TARGET, hosts, looked(WELL, old=None)) == "web-2"
    assert host_of(replace(TARGET, id="1"), hosts, looked(WELL)) == "web-1"


@pytest.mark.parametrize("plan", ["replace", "destroy", "other-image"])
def test_a_plan_passes_only_through_the_open_gate(plan: str) -> None:
    read = read_plan((Path(__file__).parents[1] / f"recorded/tofu/{plan}.json").read_bytes())
    asked: list[Target] = []

    def closed(target: Target):  # type: ignore[no-untyped-def]
        asked.append(target)
        return gate(target, circumstances(target, "x", looked(WELL, old="x"), (), ALL), NOON)

    (reason,) = guard(read, None, closed)
    assert asked == [Target("811287", "192.0.2.16", "production-app")]
    assert "The gate is shut" in reason.why and "192.0.2.16 still answers" in reason.why and reason.cure
    gone = Verdict("x", Name.MACHINE_REPLACED, True)
    named = Words(asked[0], ALL.waivers)
    seen = Looked(NOON, (gone,), (Address(OLD, (), "unknown"),))
    assert is_open(gate(asked[0], circumstances(asked[0], "x", seen, (), named), NOON))
    assert guard(read, None, lambda target: gate(target, circumstances(target, "x", seen, (), named), NOON)) == ()
    assert len(guard(read)) == 1, "without a gate nothing passes"
