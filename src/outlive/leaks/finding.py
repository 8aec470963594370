"""Findings: what was found, where, how often; never what the secret is. Pure."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

DISTINCT = 1000  # findings kept apart for one rule; further ones are counted together, so that memory stays bounded
OTHERS = "others"


class Severity(IntEnum):
    """`info` explains and asks for nothing; `critical` is worth waking somebody."""

    INFO = 0
    LOW = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """`line` and `column` are where it was first seen (from 1; columns count bytes), `count` how often. `fingerprint`
    is keyed: equal for the same secret under the same key, and worth nothing without the key. `compromise`: a sign that
    somebody else was at work."""

    rule: str
    severity: Severity
    line: int
    column: int
    count: int
    fingerprint: str
    explanation: str
    action: str
    compromise: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "severity": self.severity.word,
            "line": self.line,
            "column": self.column,
            "count": self.count,
            "fingerprint": self.fingerprint,
            "explanation": self.explanation,
            "action": self.action,
        }


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a rule says about all that it finds."""

    rule: str
    severity: Severity
    explanation: str
    action: str
    compromise: bool = False


@dataclass(slots=True)
class _Seen:
    """What is kept of a secret."""

    meaning: Meaning
    place: tuple[int, int]
    count: int = 1


class Findings:
    """Collects sightings. The secret is turned into its fingerprint on the way in and not kept."""

    def __init__(self, key: bytes) -> None:
        self._mac = hmac.new(key, digestmod="sha256")
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._distinct: Counter[str] = Counter()

    def add(self, meaning: Meaning, line: int, column: int, secret: bytes) -> None:
        """One sighting. What is the same secret is one finding with a count."""
        rule = meaning.rule
        name = (rule, self._fingerprint(rule, secret))
        if name not in self._seen:
            if self._distinct[rule] == DISTINCT:
                name = (rule, OTHERS)
            else:
                self._distinct[rule] += 1
        seen = self._seen.get(name)
        if seen is None:
            self._seen[name] = _Seen(meaning, (line, column))
        else:
            seen.count += 1
            seen.place = min(seen.place, (line, column))

    def __iter__(self) -> Iterator[Finding]:
        """Gravest first, then by place."""
        found = (_finding(fingerprint, seen) for (_, fingerprint), seen in self._seen.items())
        return iter(sorted(found, key=lambda one: (-one.severity, one.line, one.column, one.rule, one.fingerprint)))

    def _fingerprint(self, rule: str, secret: bytes) -> str:
        mac = self._mac.copy()
        mac.update(rule.encode() + b"\0" + secret)
        return mac.hexdigest()[:16]


def _finding(fingerprint: str, seen: _Seen) -> Finding:
    meaning, (line, column) = seen.meaning, seen.place
    says = (meaning.explanation, meaning.action, meaning.compromise)
    return Finding(meaning.rule, meaning.severity, line, column, seen.count, fingerprint, *says)
