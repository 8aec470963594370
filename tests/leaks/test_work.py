"""No text takes work that grows faster than its length. Work is counted (calls), not timed; what happens within one call
of a regular expression is bounded by `test_patterns_are_bounded`."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlive.leaks.lexicon import lexicon
from outlive.leaks.plan import plan
from outlive.leaks.scanner import Scanner
from outlive.leaks.sieves import plain
from tests.leaks.samples import NOW
from tests.leaks.scans import KEY
from tests.leaks.test_scanner import HARD, TEXT

SIZE_BYTES = 200_000  # several blocks and pieces of an endless line
MOST = 2.6  # times the calls for twice the text: what happens once a block comes in steps
BASE_CALLS = 20_000  # of a text with hardly anything in it, and of what comes once in some hundred kilobytes

LINES = [line for line in TEXT.splitlines() if "GET" not in line]
WORDS = [word.decode("utf-8") for word in sorted(lexicon().rare)[::400]]
PIECES = st.one_of(
    st.sampled_from(LINES).flatmap(lambda line: st.integers(1, len(line)).map(lambda stop: line[:stop])),
    st.sampled_from(WORDS),
    st.sampled_from(
        ["\n", " ", '"', "\\n", ": ", "=", "-----BEGIN PRIVATE KEY-----", "-----END", "eyJ", ".", "abandon "]
    ),
    st.text(max_size=4),
)


def calls(data: bytes) -> int:
    """How many functions, Python's and C's, are called to scan it."""
    count = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    scanner = Scanner(key=KEY, now=NOW, sieve=plain)
    sys.setprofile(profile)
    try:
        scanner.feed(data)
        scanner.finish()
    finally:
        sys.setprofile(None)
    return count


def _is_linear(unit: bytes) -> None:
    once = (unit * (SIZE_BYTES // len(unit) + 1))[:SIZE_BYTES]
    first, second = calls(once), calls(once + once)
    assert second < MOST * first + BASE_CALLS, (unit[:80], first, second)


@pytest.mark.slow
@settings(deadline=None, max_examples=20, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(PIECES, min_size=1, max_size=8).map("".join).filter(bool))
def test_twice_the_text_is_twice_the_work(text: str) -> None:
    _is_linear(text.encode("utf-8", "replace"))


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_of_hard_input_too(name: str) -> None:
    _is_linear(HARD[name][:100])


def test_the_plan_has_few_marks() -> None:
    """The plain sieve goes through the text once for each literal and probe."""
    assert len(plan().by_mark) < 40
