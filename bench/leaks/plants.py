"""Secrets that are planted into the logs: samples of every rule that is worth waking somebody, and seed phrases in the
forms that logs give them. Pure."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from outlive.leaks.finding import Severity
from outlive.leaks.lexicon import LANGUAGES
from outlive.leaks.rules import Rule, load
from tests.leaks.samples import camel, filled, phrase

PREFIX = "2026-02-07T07:44:01.113Z shop-app-1 | "
_HOLE = re.compile(r"\{\w+:\w+\}")  # of a sample that is filled anew for each plant
Form = Callable[[Sequence[str]], str]

FORMS: tuple[Form, ...] = (
    " ".join,
    ", ".join,
    lambda words: json.dumps(list(words), ensure_ascii=False),
    "\n".join,
    lambda words: "\n".join(PREFIX + word for word in words),
    lambda words: " ".join(f"{place}. {word}" for place, word in enumerate(words, 1)),
    lambda words: "\n".join(json.dumps({"level": "error", "msg": word}, ensure_ascii=False) for word in words),
    lambda words: "GET /restore?seed=" + "%20".join(words),
)
GLUED: tuple[Form, ...] = (camel, "".join)


@dataclass(frozen=True, slots=True)
class Plant:
    """`text` is put into the log as it is, in lines of its own; `rule` must be found there."""

    rule: str
    text: str


def plants(seed: int) -> Iterator[Plant]:
    """Without an end: each rule's samples in turn, then phrases."""
    draw = random.Random(seed)
    grave = [rule for rule in load()[0] if rule.meaning.severity >= Severity.HIGH and not rule.weak]
    grave = [rule for rule in grave if any(_HOLE.search(sample) for sample in rule.samples.positive)]
    round_ = 0
    while True:
        for rule in grave:
            yield _token(rule, round_, draw)
        for form in FORMS:
            yield Plant("bip39-mnemonic", form(phrase(draw, draw.choice((12, 15, 18, 21, 24)), draw.choice(LANGUAGES))))
        for form in GLUED:
            yield Plant("bip39-mnemonic", form(phrase(draw, draw.choice((12, 15, 18, 21, 24)))))
        round_ += 1


def _token(rule: Rule, round_: int, draw: random.Random) -> Plant:
    samples = [sample for sample in rule.samples.positive if _HOLE.search(sample)]  # each a secret of its own
    return Plant(rule.meaning.rule, f"{PREFIX}{filled(samples[round_ % len(samples)], draw.getrandbits(32))} end")
