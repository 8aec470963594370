"""Runbooks are data; the interpreter does their steps in order, whatever engine carries them."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.engine.interpreter import interpret
from outlive.model.runbook import Runbook, Step


class Remembering:
    """A context that has the results of some steps already."""

    def __init__(self, results: dict[str, dict[str, Any]]) -> None:
        self.results = results
        self.done: list[str] = []

    def step(self, step: Step) -> dict[str, Any]:
        if step.name not in self.results:
            self.done.append(step.name)
            self.results[step.name] = {"args": step.args}
        return self.results[step.name]


BOOK = Runbook("book", (Step("a", "x", {"n": 1}), Step("b", "y", timeout_seconds=5, attempts=2, pause_seconds=1)))


def test_steps_are_done_in_order() -> None:
    context = Remembering({})
    assert interpret(BOOK.to_json(), context) == {"steps": {"a": {"args": {"n": 1}}, "b": {"args": {}}}}
    assert context.done == ["a", "b"]


def test_what_has_a_result_is_not_done_again() -> None:
    context = Remembering({"a": {"from": "before"}})
    assert interpret(BOOK.to_json(), context)["steps"]["a"] == {"from": "before"}
    assert context.done == ["b"]


def test_a_runbook_survives_json() -> None:
    assert Runbook.from_json(BOOK.to_json()) == BOOK


def test_step_names_are_unique() -> None:
    with pytest.raises(ValueError, match="twice"):
        Runbook("book", (Step("a", "x"), Step("a", "y")))


def test_a_definition_of_an_older_version_needs_no_new_keys() -> None:
    assert Runbook.from_json({"name": "old", "steps": [{"name": "a", "act": "x"}]}).steps == (Step("a", "x"),)
