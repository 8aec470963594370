"""Runbooks: what a durable run does, as data. Pure. The definition travels in the run's input, so that a new version of
Outlive goes on with an old run as it was begun."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `name` is unique in its runbook; `act` names a function that looks before it does; `args` are
    JSON. After `timeout_seconds` it is ended; a failed step is tried `attempts` times, `pause_seconds` apart."""

    name: str
    act: str
    args: dict[str, Any] = field(default_factory=dict)
    timeout_seconds: float = 6 * 3600
    attempts: int = 1
    pause_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Runbook:
    """Steps, done in order; the first that fails ends the run."""

    name: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        if len(set(names)) != len(names):
            raise ValueError(f"runbook {self.name!r} names a step twice")

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "steps": [
                {
                    "name": step.name,
                    "act": step.act,
                    "args": step.args,
                    "timeout_seconds": step.timeout_seconds,
                    "attempts": step.attempts,
                    "pause_seconds": step.pause_seconds,
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Runbook:
        return cls(value["name"], tuple(Step(**step) for step in value["steps"]))
