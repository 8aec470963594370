"""Every story, judged as `outlive diagnose --json` tells it, against what it must come to."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from outlive.cli.diagnose_words import document
from outlive.verdict.judge import judge
from outlive.verdict.judging import Judging
from outlive.verdict.recorded import observations

STORIES = sorted(folder for folder in Path(__file__).parent.iterdir() if (folder / "evidence.jsonl").exists())

Document = dict[str, Any]


@pytest.fixture(params=STORIES, ids=lambda folder: folder.name)
def told(request: pytest.FixtureRequest) -> tuple[Document, Document]:
    """What is expected, and what is said; the exit code is in both."""
    return json.loads((request.param / "expected.json").read_text()), _said(request.param)


@cache
def _said(folder: Path) -> Document:
    evidence = observations((folder / "evidence.jsonl").read_text())
    at = max(one.at for one in evidence)
    judgement = judge(evidence, now=at, settings=Judging.recorded())
    return json.loads(json.dumps(document(judgement, at))) | {"exit_code": judgement.exit_code}


def test_verdicts(told: tuple[Document, Document]) -> None:
    expected, said = told
    assert {one["host"] for one in said["hosts"]} == set(expected["hosts"])
    for one in said["hosts"]:
        wanted = expected["hosts"][one["host"]]
        assert {key: one[key] for key in wanted} == wanted
    assert said["exit_code"] == expected["exit_code"]
    answers = {one["address"]: one["answers_as"] for one in said["addresses"]}
    assert answers | expected.get("addresses", {}) == answers


def test_words(told: tuple[Document, Document]) -> None:
    expected, said = told
    text = json.dumps(said)
    assert [words for words in expected.get("says", ()) if words not in text] == []
    assert [words for words in expected.get("never_says", ()) if words in text] == []
    forbidden = " ".join(line for one in said["hosts"] for line in one["forbidden"])
    assert [words for words in expected.get("forbidden", ()) if words not in forbidden] == []


def test_contradictions(told: tuple[Document, Document]) -> None:
    expected, said = told
    for wanted in expected.get("contradictions", ()):
        fitting = [
            one
            for one in said["contradictions"]
            if wanted["claim"] in one["claim"]
            and wanted["why"] in one["why"]
            and ("fact" not in wanted or wanted["fact"] in {seen["fact"] for seen in one["evidence"]})
        ]
        assert fitting, wanted
        assert all(one["evidence"] for one in fitting)


def test_hypotheses(told: tuple[Document, Document]) -> None:
    expected, said = told
    found = {one["name"]: one for one in said["hypotheses"]}
    if "next_probe" in expected:
        assert expected["next_probe"] in said["hypotheses"][0]["next_probe"]
    for name, wanted in expected.get("hypotheses", {}).items():
        against = {seen["fact"] for seen in found[name]["against"]}
        assert set(wanted["against"]) <= against
    assert all(one["next_probe"] for one in said["hypotheses"])


def test_nothing_is_confirmed_by_one_channel_or_on_a_persons_word(told: tuple[Document, Document]) -> None:
    """The rule of the contract, whatever the story."""
    _, said = told
    for one in said["hosts"]:
        channels = {seen["channel"] for seen in one["for"] if not _is_error(seen["value"])} - {"person"}
        assert len(channels) >= 2 or not one["confirmed"]
        assert not (one["confirmed"] and one["against"])
        assert one["verdict"] not in ("no_data", "unreachable_unproven", "suspended") or not one["confirmed"]


def test_nothing_observed_is_left_out(told: tuple[Document, Document]) -> None:
    _, said = told
    assert said["timeline"]
    assert said["timeline"] == sorted(said["timeline"], key=lambda event: event["at"])


def _is_error(value: Any) -> bool:
    return isinstance(value, dict) and "error" in value
