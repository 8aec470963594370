"""What must hold of every judgement, tried on all stories: shuffled, repeated, skewed, thinned out; and on nonsense."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlive.cli.diagnose_words import document, words
from outlive.model.observation import Channel, Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.judge import judge
from outlive.verdict.judging import Judging
from outlive.verdict.recorded import observations
from tests.verdict.scenes import AWAY, HOME, NOW, SHOP

pytestmark = pytest.mark.slow

STORIES = sorted(file.parent for file in (Path(__file__).parent.parent / "stories").glob("*/evidence.jsonl"))
RECORDED = Judging.recorded()

Told = dict[str, tuple[str, bool, bool]]


@cache
def evidence(story: Path) -> tuple[Observation, ...]:
    return observations((story / "evidence.jsonl").read_text())


def judged(story: Path, seen: list[Observation]) -> tuple[Verdict, ...]:
    """As of the story's own time, whatever is left of it."""
    return judge(seen, now=max(one.at for one in evidence(story)), settings=RECORDED).hosts


def told(verdicts: tuple[Verdict, ...]) -> Told:
    return {one.host: (one.name.value, one.confirmed, one.accepted) for one in verdicts}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_order_of_arrival_and_repetition_change_nothing(story: Path) -> None:
    seen = list(evidence(story))
    at = max(one.at for one in seen)
    straight = json.dumps(document(judge(seen, now=at, settings=RECORDED), at))
    for seed in range(3):
        shuffled = [*seen, *Random(seed).sample(seen, len(seen) // 2)]
        Random(seed).shuffle(shuffled)
        assert json.dumps(document(judge(shuffled, now=at, settings=RECORDED), at)) == straight


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_clocks_that_are_a_little_off_change_no_verdict(story: Path) -> None:
    """Each witness by up to 14 seconds, so that two of them disagree by less than the slack."""
    straight = told(judged(story, list(evidence(story))))
    for seed in range(4):
        random = Random(seed)
        off = {one.witness: timedelta(seconds=random.uniform(-14, 14)) for one in evidence(story)}
        skewed = [replace(one, at=one.at + off[one.witness]) for one in evidence(story)]
        assert told(judged(story, skewed)) == straight


# What may still be said with certainty when evidence is missing: a part of what happened.
MILDER: dict[Name, set[Name]] = {
    Name.SAME_MACHINE_APP_HUNG: {Name.SAME_MACHINE_APP_DOWN, Name.DNS_ELSEWHERE},
    Name.SAME_MACHINE_APP_DOWN: {Name.REBOOTED},
    Name.ROLLED_BACK: {Name.REBOOTED},
    Name.REKEYED: {Name.REBOOTED},
    Name.MACHINE_REPLACED: {Name.UNKNOWN_MACHINE},
    Name.WRONG_MACHINE: {Name.ADDRESS_MOVED},
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_missing_evidence_never_makes_another_change_certain(story: Path) -> None:
    """Whatever is left out, no machine is called changed, moved or copied for sure that was not. That nothing wrong was seen
    may become true by not looking, so `same_machine_ok` is left to the next test."""
    truth = {one.host: one for one in judged(story, list(evidence(story)))}
    random = Random(story.name)
    for _ in range(40):
        share = random.choice((0.1, 0.3, 0.5, 0.8))
        left = [one for one in evidence(story) if one.fact == "enrolled" or random.random() > share]
        for one in judged(story, left):
            if one.confirmed and one.name is not Name.SAME_MACHINE_OK and one.host in truth:
                whole = truth[one.host].name
                assert one.name is whole or one.name in MILDER.get(whole, set()), (one.name, whole)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_less_support_never_makes_surer(story: Path) -> None:
    """Without some of what speaks for a verdict (each alone, and many parts of it), the same verdict is not confirmed if it
    was not before. Of what speaks against it that cannot hold: verdict/finding.py says why."""
    random = Random(story.name)
    for whole in judged(story, list(evidence(story))):
        support = list(whole.in_favour)
        several = [random.sample(support, random.randint(1, len(support))) for _ in range(12) if support]
        for dropped in [*([one] for one in support), *several]:
            rest = judged(story, [one for one in evidence(story) if one not in dropped])
            one = next((one for one in rest if one.host == whole.host), None)
            if one is not None and one.name is whole.name:
                assert whole.confirmed or not one.confirmed


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_witness_that_is_silent_never_makes_a_loss_certain(story: Path) -> None:
    """Whatever kind of fact, place or witness nobody asked: no machine or data is lost for sure that was not so before."""
    lost = {Name.MACHINE_REPLACED, Name.OS_REINSTALLED, Name.DATA_REPLACED, Name.ROLLED_BACK}
    truth = {one.host: one.name for one in judged(story, list(evidence(story))) if one.confirmed}
    seen = [one for one in evidence(story) if one.fact != "enrolled"]
    kept = [one for one in evidence(story) if one.fact == "enrolled"]
    for key in ("fact", "subject", "witness", "channel"):
        for gone in {getattr(one, key) for one in seen}:
            left = [one for one in seen if getattr(one, key) != gone]
            for one in judged(story, [*kept, *left]):
                assert not (one.confirmed and one.name in lost) or truth.get(one.host) is one.name, (key, gone)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_one_channel_alone_confirms_nothing(story: Path) -> None:
    for channel in Channel:
        left = [one for one in evidence(story) if one.channel in (channel, Channel.PERSON)]
        assert not any(one.confirmed for one in judged(story, left))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_claims_change_no_verdict(story: Path) -> None:
    claims = [
        Observation(one.at, "somebody", Channel.PERSON, host, "claim", {"text": "gone", "verdict": verdict.value})
        for one in evidence(story)[-1:]
        for host in ("web-1", "production")
        for verdict in (Name.MACHINE_REPLACED, Name.SAME_MACHINE_OK)
    ]
    seen = [one for one in evidence(story) if one.fact != "claim"]
    assert told(judged(story, [*seen, *claims])) == told(judged(story, seen))


FACTS = sorted({one.fact for story in STORIES for one in evidence(story)} | {"guest.something_new", "guest.marker"})
SUBJECTS = [
    "web-1",
    "web-2",
    "project",
    HOME,
    AWAY,
    f"{HOME}:2222",
    SHOP,
    "shop.example.org",
    "",
    "[::1",
    "2001:db8::1",
]
KEYS = re.findall(
    r"\w+",
    "address addresses error status url remote_address service id exit_code started_at state detail from to expect verdict "
    "text port names valid tls_valid pid count volume at hostname what",
)

_words = st.sampled_from([*SUBJECTS, "timeout", "ok", "2026-03-14T11:00:00Z"])
_plain = st.one_of(st.none(), st.booleans(), st.integers(-5, 600), _words)
_values = st.recursive(
    _plain,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=6,
)
_nonsense = st.builds(
    Observation,
    at=st.integers(-4000, 4000).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    witness=st.sampled_from(["ssh", "http", ""]),
    channel=st.sampled_from(list(Channel)),
    subject=st.sampled_from(SUBJECTS),
    fact=st.sampled_from(FACTS),
    value=_values,
    cluster=st.sampled_from([None, "app"]),
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_nonsense, max_size=25))
def test_nonsense_is_judged_without_a_crash_and_confirms_nothing_by_one_channel(seen: list[Observation]) -> None:
    judgement = judge(seen, now=NOW, settings=RECORDED)
    json.dumps(document(judgement, NOW))
    assert all(len(line) <= 400 for line in words(judgement, NOW))
    assert all(len({one.channel for one in verdict.in_favour}) > 1 for verdict in judgement.hosts if verdict.confirmed)
    assert judgement.exit_code in (0, 1, 3)
