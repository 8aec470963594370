"""Rules as they lie in `rules/*.toml`. Pure. docs/how-to/add-a-leak-rule.md explains every key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from outlive.leaks import checks
from outlive.leaks.finding import Meaning, Severity

FILES = ("providers", "general", "compromise", "signatures")
_ALONE = r"(?<![A-Za-z0-9])(?:{})(?![A-Za-z0-9])"
_TOKEN_SAYS = "{} in clear text: whoever can read this log can use it."
_TOKEN_ACTION = "Revoke it ({}), put a new one in its place, then find what printed it."

Pattern = re.Pattern[bytes]


@dataclass(frozen=True, slots=True)
class Triggers:
    """What makes a line worth the rule's look; one of them is enough. `words`: whole runs of letters, in any case;
    `names`: the same, when something is assigned to them. `literals`: these bytes. `probe`: a regular expression that
    Python and Hyperscan read alike, within one line."""

    words: tuple[bytes, ...] = ()
    names: tuple[bytes, ...] = ()
    literals: tuple[bytes, ...] = ()
    probe: str | None = None


@dataclass(frozen=True, slots=True)
class Samples:
    """What must be found, and what must not; `tests/leaks/test_rules.py` tries them."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something within one line. `lowered`: the pattern is matched against the line in lower case."""

    meaning: Meaning
    triggers: Triggers
    samples: Samples
    pattern: Pattern
    lowered: bool
    check: Callable[..., str | None]
    variants: Mapping[str, Meaning] = field(default_factory=dict)
    entropy: float = 0.0
    placeholders: bool = False  # examples and masks count too
    weak: bool = False  # gives way to any other rule that found the same bytes


@dataclass(frozen=True, slots=True)
class Group:
    """Something over several lines: parts in any order, at most `within_lines` lines from one to the next. All that are
    `need`ed, and `at_least` so many. Two with the same `identity` are the same thing, printed twice."""

    meaning: Meaning
    triggers: Triggers
    samples: Samples
    parts: Mapping[str, Pattern]
    anchor: str
    need: frozenset[str]
    at_least: int
    within_lines: int
    identity: tuple[str, ...]


@cache
def load() -> tuple[tuple[Rule, ...], tuple[Group, ...]]:
    """All rules, read once."""
    documents = [read(name) for name in FILES]
    rules = tuple(_rule(table) for document in documents for table in document.get("rule", ()))
    groups = tuple(_group(table) for document in documents for table in document.get("group", ()))
    return rules, groups


def read(name: str) -> dict[str, Any]:
    """One file of `rules/`."""
    return tomllib.loads((files(__package__) / "rules" / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def meanings(name: str) -> dict[str, Meaning]:
    """The meanings of a file whose finding is code (`bip39`, `keys`)."""
    return {rule: _meaning(rule, table) for rule, table in read(name).items() if isinstance(table, dict)}


def _rule(table: dict[str, Any]) -> Rule:
    text = _ALONE.format(table["token"]) if "token" in table else table["pattern"]
    lowered = text.startswith("(?i)")
    meaning = _meaning(table["id"], table)
    return Rule(
        meaning=meaning,
        triggers=_triggers(table),
        samples=_samples(table),
        pattern=re.compile(text.removeprefix("(?i)").encode()),
        lowered=lowered,
        check=checks.NAMED[table.get("check", "")],
        variants={name: _meaning(meaning.rule, more) for name, more in table.get("variants", {}).items()},
        entropy=table.get("entropy", 0.0),
        placeholders=table.get("placeholders", False),
        weak=table.get("weak", False),
    )


def _group(table: dict[str, Any]) -> Group:
    (samples,) = table["samples"]
    need = frozenset(table["need"])
    return Group(
        meaning=_meaning(table["id"], table),
        triggers=_triggers(table),
        samples=_samples(samples),
        parts={name: re.compile(text.encode()) for name, text in table["parts"].items()},
        anchor=table["anchor"],
        need=need,
        at_least=table.get("at_least", len(need)),
        within_lines=table["within_lines"],
        identity=tuple(table["identity"]),
    )


def _meaning(rule: str, table: Mapping[str, Any]) -> Meaning:
    if "what" in table:
        table = {
            "explanation": _TOKEN_SAYS.format(table["what"]),
            "action": _TOKEN_ACTION.format(table["revoke"]),
            **table,
        }
    severity = Severity[table["severity"].upper()]
    return Meaning(rule, severity, table["explanation"], table["action"], table.get("compromise", False))


def _triggers(table: dict[str, Any]) -> Triggers:
    words, names, literals = (
        tuple(text.encode() for text in table.get(kind, ())) for kind in ("words", "names", "literals")
    )
    return Triggers(words, names, literals, table.get("probe"))


def _samples(table: dict[str, Any]) -> Samples:
    return Samples(tuple(table["positive"]), tuple(table["negative"]))
