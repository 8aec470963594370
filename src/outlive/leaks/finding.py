"""Findings: what was found, where, how often; never what the secret is. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
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


class Findings:
    """Collects sightings. The secret is turned into its fingerprint on the way in and not kept."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._found: dict[tuple[str, str], Finding] = {}
        self._distinct: dict[str, int] = {}

    def add(self, meaning: Meaning, line: int, column: int, secret: bytes) -> None:
        """One sighting. What is the same secret is one finding with a count."""
        name = (meaning.rule, self._fingerprint(meaning.rule, secret))
        if name not in self._found:
            if self._distinct.get(meaning.rule, 0) >= DISTINCT:
                name = (meaning.rule, OTHERS)
            else:
                self._distinct[meaning.rule] = self._distinct.get(meaning.rule, 0) + 1
        known = self._found.get(name)
        if known is None:
            self._found[name] = Finding(
                *(meaning.rule, meaning.severity, line, column, 1, name[1]),
                *(meaning.explanation, meaning.action, meaning.compromise),
            )
        else:
            where = min((known.line, known.column), (line, column))
            self._found[name] = replace(known, line=where[0], column=where[1], count=known.count + 1)

    def __iter__(self) -> Iterator[Finding]:
        """Gravest first, then by place."""
        return iter(sorted(self._found.values(), key=lambda one: (-one.severity, one.line, one.column, one.rule)))

    def __len__(self) -> int:
        return len(self._found)

    def _fingerprint(self, rule: str, secret: bytes) -> str:
        return hmac.new(self._key, rule.encode() + b"\0" + secret, hashlib.sha256).hexdigest()[:16]
