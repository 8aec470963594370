"""What an answer has to be."""

from __future__ import annotations

import pytest

from outlive.model.check import Check, at_path

BODY = b'{"status": "ok", "db": {"state": "up", "lag": 0}, "nodes": [{"name": "a"}], "ready": true}'


@pytest.mark.parametrize(
    ("check", "status", "unmet"),
    [
        (Check(url="u"), 200, ""),
        (Check(url="u"), 302, ""),
        (Check(url="u"), 404, "the status is 404"),
        (Check(url="u", status=(401,)), 401, ""),
        (Check(url="u", status=(200, 204)), 302, "the status is 302"),
        (Check(url="u", contains='"ok"'), 200, ""),
        (Check(url="u", contains="fine"), 200, "the body does not contain 'fine'"),
        (Check(url="u", json={"status": "ok", "db.state": "up", "nodes.0.name": "a"}), 200, ""),
        (Check(url="u", json={"db.lag": 0}), 200, ""),
        (Check(url="u", json={"ready": True}), 200, ""),
        (Check(url="u", json={"db.state": "down"}), 200, 'db.state is "up", not "down"'),
        (Check(url="u", json={"db.lag": False}), 200, "db.lag is 0, not false"),
        (Check(url="u", json={"no.such": 1}), 200, "no.such is null, not 1"),
    ],
)
def test_an_answer_is_what_it_has_to_be_or_is_told(check: Check, status: int, unmet: str) -> None:
    assert check.unmet(status, BODY) == unmet


def test_what_is_no_json_is_told() -> None:
    assert Check(url="u", json={"a": 1}).unmet(200, b"<html>") == "the body is no JSON"


def test_paths_go_through_lists_and_end_where_nothing_is() -> None:
    assert at_path([1, [2, 3]], "1.0") == 2
    for path in ("2", "x", "1.9", "0.a"):
        assert at_path([1, [2, 3]], path) is None
