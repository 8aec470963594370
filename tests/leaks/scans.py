"""Scanning in tests: text in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outlive.leaks.finding import Finding
from outlive.leaks.scanner import Scanner
from outlive.leaks.sieve import Sieve, Wanted
from outlive.leaks.sieves import plain
from tests.leaks.samples import NOW

KEY = b"a key for tests"


def scan(
    text: str | bytes, *, sieve: Callable[[Wanted], Sieve] = plain, cuts: Sequence[int] = (), key: bytes = KEY
) -> Sequence[Finding]:
    """All findings; the text is fed in pieces that end at `cuts`."""
    data = text.encode() if isinstance(text, str) else text
    scanner = Scanner(key=key, now=NOW, sieve=sieve)
    start = 0
    for stop in [*sorted(cuts), len(data)]:
        scanner.feed(data[start:stop])
        start = max(start, stop)
    scanner.finish()
    return scanner.findings


def rules(text: str | bytes) -> list[str]:
    """The rules that found something, each once, in alphabetical order."""
    return sorted({finding.rule for finding in scan(text)})
