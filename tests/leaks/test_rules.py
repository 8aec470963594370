"""Every rule against its own samples; the rules that others rely on."""

from __future__ import annotations

import re

import pytest

from outlive.leaks.finding import Severity
from outlive.leaks.rules import Group, Rule, load, meanings
from tests.leaks.samples import filled
from tests.leaks.scans import rules, scan

RULES: list[Rule | Group] = [one for some in load() for one in some]
CONTRACT = {
    *("bip39-mnemonic", "bip39-wordlist", "bip39-test-vector", "environment-dump", "private-key", "jwt"),
    *("metadata-endpoint", "child-process-killed", "next-rsc-exec"),
}
ENDLESS = re.compile(rb"(?<!\\)[\])][*+]|\\[sSwWdD][*+]|(?<!\\)\.[*+]")


def _cases(kind: str) -> list[tuple[Rule | Group, str]]:
    return [(rule, sample) for rule in RULES for sample in getattr(rule.samples, kind)]


def _name(value: Rule | Group | str) -> str:
    return value[:30] if isinstance(value, str) else value.meaning.rule


@pytest.mark.parametrize(("rule", "sample"), _cases("positive"), ids=_name)
def test_it_finds_what_it_is_for(rule: Rule | Group, sample: str) -> None:
    for seed in range(3):
        text = f"first line\n2026-02-07T08:15:00Z app | {filled(sample, seed)} and so on\nlast line\n"
        found = [finding for finding in scan(text) if finding.explanation in _says(rule)]
        assert [finding.count for finding in found] == [1], (seed, rules(text))
        assert found[0].rule == rule.meaning.rule and found[0].line >= 2


@pytest.mark.parametrize(("rule", "sample"), _cases("negative"), ids=_name)
def test_it_leaves_alone_what_only_looks_like_it(rule: Rule | Group, sample: str) -> None:
    for seed in range(3):
        assert not [one for one in scan(f"x {filled(sample, seed)}\n") if one.explanation in _says(rule)]


def _says(rule: Rule | Group) -> set[str]:
    variants = rule.variants.values() if isinstance(rule, Rule) else ()
    return {rule.meaning.explanation, *(variant.explanation for variant in variants)}


def test_the_rules_that_others_rely_on_are_there() -> None:
    found = {rule.meaning.rule for rule in RULES} | set(meanings("bip39")) | set(meanings("keys"))
    assert found >= CONTRACT


def test_every_rule_has_samples_and_says_what_to_do() -> None:
    for rule in RULES:
        assert rule.samples.positive and rule.samples.negative, rule.meaning.rule
        for text in (rule.meaning.explanation, rule.meaning.action):
            assert "\\" not in text and text.strip() == text and text.endswith((".", "?", ")")), text
        assert any((rule.triggers.words, rule.triggers.names, rule.triggers.literals, rule.triggers.probe))


def test_patterns_are_bounded() -> None:
    """What a rule reads behind its trigger has an end, so no line costs the square of its length."""
    for rule in RULES:
        for pattern in [rule.pattern] if isinstance(rule, Rule) else rule.parts.values():
            assert not ENDLESS.search(pattern.pattern), rule.meaning.rule


def test_severities_have_an_order() -> None:
    assert Severity.INFO < Severity.LOW < Severity.HIGH < Severity.CRITICAL
