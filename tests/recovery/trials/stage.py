"""A step of one kind in a world of its own, carried as a run carries it (`recovery/act.py`, a real journal), spoilt at one
question to the outside, and then gone on with or taken back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outlive.engine.port import Interrupted
from outlive.errors import OutliveError, Refused
from outlive.model.recovery import Recovery, What, begun_steps
from outlive.recovery.act import Actor
from outlive.recovery.steps.base import World
from outlive.recovery.steps.registry import STEPS
from outlive.state.recovering import Recovering
from outlive.testing.clock import ManualClock
from tests.recovery.steps.carrying import BEGAN
from tests.recovery.trials.outside import TO_ONE_QUESTION, Fault, Killed, Outside

ROUNDS = 40
WAIT_SECONDS = 30


@dataclass
class Stage:
    """`facts` are what the steps before it found, by their names. `done` and `undone` insist that the world is so: the
    effect is there once and whole, or all is as it was and nobody's data is lost. `again` sets the stage for a run of that
    name, and for its going on after an undo, where that wants something that an earlier step leaves. `person` does what
    the cure of a refusal says, once there is one. `matters`: which questions are spoilt."""

    kind: str
    world: World
    outside: Outside
    done: Callable[[], object]
    undone: Callable[[], object]
    args: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    again: Callable[[str], object] = lambda run: None
    person: Callable[[], object] = lambda: None
    matters: Callable[[str], bool] = lambda said: True


class Run:
    """One run that has this step alone to do."""

    def __init__(self, journal: Recovering, stage: Stage, name: str = "run-1") -> None:
        self.stage, self._journal, self.name = stage, journal, name
        asked = {"run": name, "step": "it", "kind": stage.kind, "args": dict(stage.args), "approval": False}
        self._args = asked
        steps = ({"name": "it", "act": "recover", "args": asked},)
        journal.begin(Recovery(name, BEGAN, "web-1", "mine", "mine", "ssh://root@198.51.100.7", "ops", steps))
        for step, facts in stage.facts.items():
            journal.write(name, BEGAN, step, What.DONE, "ops", "", dict(facts))
        stage.again(name)
        self._acts = Actor(journal, lambda run, known: stage.world, STEPS, "ops").acts()

    def once(self, act: str, at: int = 0, fault: Fault | None = None) -> bool:
        """One attempt, spoilt there; whether it came to its end."""
        outside = self.stage.outside
        outside.spoil(at, fault)
        try:
            self._acts[act](self._args, 600.0)
        except (Killed, Interrupted, OutliveError):
            return False
        return True

    def to_its_end(self, act: str) -> None:
        """As the engine tries it, and a person begins it anew; time passes."""
        clock, why = self.stage.world.clock, ""
        self.stage.outside.heal()
        for _ in range(ROUNDS):
            try:
                self._acts[act](self._args, 600.0)
                return
            except OutliveError as error:
                why = f"{error} ({error.hint})"
                if isinstance(error, Refused):
                    self.stage.person()
            if isinstance(clock, ManualClock):
                clock.advance(WAIT_SECONDS)
        raise AssertionError(f"{self.stage.kind}: {act} never came to an end: {why}")

    def is_begun(self) -> bool:
        return begun_steps(self._journal.entries(self.name)) == ["it"]

    def taken_back(self) -> None:
        """What was never begun is not taken back either."""
        if self.is_begun():
            self.to_its_end("undo")

    def resumed(self) -> None:
        self.stage.again(self.name)
        self.to_its_end("recover")


Staging = Callable[[Path], Stage]
AFTER = ("resume", "undo")


def counted(journal: Recovering, stage: Stage, act: str = "recover", name: str = "clean") -> tuple[Run, list[int]]:
    """The numbers of the questions that a clean attempt asks, and that matter."""
    run = Run(journal, stage, name)
    if act == "undo":
        run.to_its_end("recover")
        stage.done()
    with suppress(Killed):
        assert run.once(act), f"{stage.kind}: {act} does not even go well when nothing goes wrong"
    return run, [number for number, said in enumerate(stage.outside.said, 1) if stage.matters(said)]


def moments(numbers: Collection[int], faults: Collection[Fault]) -> Iterator[tuple[int, Fault]]:
    return ((at, fault) for at in numbers for fault in faults)


def tried_forward(
    journal: Recovering, staging: Staging, folder: Path, faults: Collection[Fault] = TO_ONE_QUESTION
) -> int:
    """Spoilt at every question on its way forward; then gone on with, or taken back. How many such ends were reached."""
    stage = staging(folder / "clean")
    run, numbers = counted(journal, stage, name=f"{folder.name}-clean")
    stage.done()
    run.resumed()
    stage.done()
    run.taken_back()
    stage.undone()
    ends = 0
    for at, fault in moments(numbers, faults):
        for after in AFTER:
            stage = staging(folder / f"{at}-{fault.name}-{after}")
            run = Run(journal, stage, f"{folder.name}-forward-{at}-{fault.name}-{after}")
            run.once("recover", at, fault)
            where = f"{fault} at question {at} of {numbers[-1]}: {stage.outside.said[-1:]}"
            ends += _ended(run, stage, after, where)
    return ends


def tried_backward(
    journal: Recovering, staging: Staging, folder: Path, faults: Collection[Fault] = TO_ONE_QUESTION
) -> int:
    """Done; spoilt at every question of its undo; then taken back again, or gone on with after all."""
    stage = staging(folder / "clean-undo")
    run, numbers = counted(journal, stage, "undo", f"{folder.name}-clean-undo")
    stage.undone()
    run.resumed()  # the undo stood still at an earlier step, and the run is gone on with after all
    stage.done()
    ends = 0
    for at, fault in moments(numbers, faults):
        for after in AFTER:
            stage = staging(folder / f"{at}-{fault.name}-{after}")
            run = Run(journal, stage, f"{folder.name}-back-{at}-{fault.name}-{after}")
            run.to_its_end("recover")
            run.once("undo", at, fault)
            where = f"{fault} at question {at} of {numbers[-1]} of the undo: {stage.outside.said[-1:]}"
            ends += _ended(run, stage, after, where)
    return ends


def _ended(run: Run, stage: Stage, after: str, where: str) -> int:
    stage.outside.heal()
    try:
        if after == "resume":
            run.resumed()
            stage.done()
        else:
            run.taken_back()
            stage.undone()
    except AssertionError as error:
        raise AssertionError(f"{stage.kind}, {where}; then {after}: {error}") from error
    return 1
