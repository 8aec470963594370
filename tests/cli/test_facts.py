"""Where state, provider and machine part, as it is told."""

from __future__ import annotations

from outlive.cli.facts import parting
from outlive.watch.three_ways import Row

A, B = ("203.0.113.9",), ("203.0.113.80",)


def test_who_says_nothing_is_not_named() -> None:
    title = ["", "State, provider and machine part:"]
    assert list(parting([Row("web-1", "address", A, B, None)])) == [
        *title,
        "  ALARM: web-1, address: state 203.0.113.9; API 203.0.113.80",
    ]
    assert list(parting([Row("web-1", "address", None, A, None, taken=True)])) == [
        *title,
        "  ALARM: web-1, address: API 203.0.113.9; and somebody else than web-1 answers there",
    ]
    assert list(parting([Row("web-1", "address", A, A, A)])) == []
