"""The one function that runs every runbook, on every engine. Pure: what it does, it asks its context to do. It changes
hardly ever, because runs that were begun with it go on with it."""

from __future__ import annotations

from typing import Any

from outlive.engine.port import Context
from outlive.model.runbook import Runbook


def interpret(definition: dict[str, Any], context: Context) -> dict[str, Any]:
    """Does the steps in order and returns their results by name."""
    runbook = Runbook.from_json(definition)
    return {"steps": {step.name: context.step(step) for step in runbook.steps}}
