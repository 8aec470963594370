"""From a runbook to what the engine carries, and what a person is shown before. Pure but for what the steps say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outlive.model.recovery import Recovery
from outlive.model.runbook import Runbook
from outlive.model.runbook import Step as EngineStep
from outlive.recovery.act import BACKWARD, FORWARD
from outlive.recovery.runbook import Entry
from outlive.recovery.steps.base import Effect, Inputs, Step, World

SIGNS = {Effect.READS: " ", Effect.CREATES: "+", Effect.CHANGES: "~", Effect.DESTROYS: "-"}


@dataclass(frozen=True, slots=True)
class Line:
    """One step as a person is shown it. `sign`: `+` makes something, `~` changes something, `-` destroys something.
    `changes`: what is there now and what will be, in lines of a diff."""

    step: str
    sign: str
    text: str
    approval: bool
    changes: tuple[str, ...] = ()


def carried(run: str, entries: Sequence[Entry], steps: Mapping[str, Step]) -> tuple[dict[str, Any], ...]:
    """The steps as they are remembered with the run, each with everything that is needed to do it: a later version of the
    runbook changes nothing of a run that was begun."""
    found = []
    for entry in entries:
        step = steps[entry.kind]
        approval = step.approval if entry.approval is None else entry.approval or step.effect is Effect.DESTROYS
        args = {"run": run, "step": entry.name, "kind": entry.kind, "args": entry.args, "approval": approval}
        found.append(
            {
                "name": entry.name,
                "act": FORWARD,
                "args": args,
                "timeout_seconds": entry.timeout_seconds or step.timeout_seconds,
                "attempts": entry.attempts or step.attempts,
                "pause_seconds": step.pause_seconds if entry.pause_seconds is None else entry.pause_seconds,
            }
        )
    return tuple(found)


def forward(recovery: Recovery) -> Runbook:
    """What the engine is to do."""
    return Runbook(f"{recovery.runbook} {recovery.host}", tuple(EngineStep(**one) for one in recovery.steps))


def backward(recovery: Recovery, begun: Sequence[str], *, give_up: bool = False) -> Runbook:
    """What takes it back: the steps that were begun, the last one first. With `give_up`, what cannot be is left."""
    known = {one["name"]: one for one in recovery.steps}
    told = {
        name: {**known[name], "act": BACKWARD, "args": known[name]["args"] | {"give_up": give_up}} for name in begun
    }
    steps = tuple(EngineStep(**told[name]) for name in reversed(begun))
    return Runbook(f"undo {recovery.runbook} {recovery.host}", steps)


def lines(recovery: Recovery, world: World, steps: Mapping[str, Step]) -> tuple[Line, ...]:
    """The plan; somebody else's API is asked how it stands there. Raises what the steps raise when they cannot be meant for
    this host, or lack a secret."""
    found = []
    for one in recovery.steps:
        args = one["args"]
        step = steps[args["kind"]]
        inputs = Inputs(recovery.id, one["name"], args["args"])
        text, changes = step.plan(world, inputs), tuple(step.changes(world, inputs))
        found.append(Line(one["name"], SIGNS[step.effect], text, args["approval"], changes))
    return tuple(found)
