"""A scratch machine after a rehearsal: what the run brought there goes, so that the next one finds it as this one did, and
no copy of production's data stays where nobody looks. Only what this run put there is removed: its own marks, containers
that its project made, files that are still exactly those of the copy. No volume is removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outlive.backup.restore.pour import step
from outlive.commands import placing as words
from outlive.commands.compose import Project
from outlive.commands.placing import Place
from outlive.model.recovery import Entry, Recovery, What
from outlive.recovery.steps.base import Inputs
from outlive.recovery.steps.config import place_of
from outlive.transport.base import Shell

CLEAR_SECONDS = 1800


def clear(shell: Shell, recovery: Recovery, entries: Sequence[Entry]) -> None:
    """After the run was taken back. Harmless when there is nothing any more. Raises `RestoreFailed` when something stays."""
    found = {one.step: one.facts for one in entries if one.what is What.DONE}
    for facts in found.values():
        if facts.get("files") and facts.get("project"):
            down = Project(str(facts["project"]), tuple(facts["files"])).say("down", "--remove-orphans")
            there = shell.run(("test", "-e", facts["files"][0]), timeout_seconds=60).status == 0
            if there:
                step(shell.run(down, timeout_seconds=CLEAR_SECONDS), "docker compose down")
    for one in recovery.steps:
        _forget(shell, recovery, one, found.get(one["name"], {}))


def _forget(shell: Shell, recovery: Recovery, one: dict[str, Any], facts: dict[str, Any]) -> None:
    inputs = Inputs(recovery.id, one["name"])
    if one["args"]["kind"] == "config":
        place = place_of(inputs)
        forget = words.forget_copied(place, [str(path) for path in facts.get("paths", ())])
    else:
        forget = words.forget(Place("/", inputs.key))
    step(shell.run(forget, timeout_seconds=CLEAR_SECONDS), f"clearing away what {one['name']!r} had brought")
