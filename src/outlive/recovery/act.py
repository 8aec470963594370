"""One step of a run, as the engine has it done: look, do, look again, and every turn of it in the journal. It may be killed
anywhere: the next attempt begins with the look."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any

from outlive.engine.port import Act, Acts, Interrupted
from outlive.errors import Failed, NoData, OutliveError, Refused
from outlive.model.recovery import Entry, Recovery, What, facts_ever, facts_of, is_ended, standing_facts
from outlive.recovery.destination import Facts
from outlive.recovery.steps.base import Done, Inputs, Look, NotYet, Step, World
from outlive.state.errors import StateFailed
from outlive.state.recovering import Recovering

FORWARD, BACKWARD = "recover", "undo"
NO_ROOM = "Make room on the disk of `keeper.state`; then `outlive recover --resume` goes on, or `--undo` takes it back."
BUG = "That is a bug of the step; please report it. `outlive recover --resume` tries again, `--undo` takes it all back."


class CannotTell(NoData):
    """Whether a step is done cannot be told now, so nothing was done."""

    hint = "`outlive recover --resume` looks again."


class Actor:
    """For one process: `by` is who runs it. `world` makes a run's world from what its steps have found by now; `steps` are
    the kinds by name."""

    def __init__(
        self, journal: Recovering, world: Callable[[Recovery, Facts], World], steps: Mapping[str, Step], by: str
    ) -> None:
        self._journal = journal
        self._world = world
        self._steps = steps
        self._by = by

    def acts(self) -> Acts:
        """By the names that the engine is given."""
        return {
            FORWARD: _recorded(self._unless_ended(self._told(self.forward))),
            BACKWARD: _recorded(self._told(self.backward)),
        }

    def forward(self, args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        """Has the step done, unless it is. Returns its facts."""
        world, step, inputs = self._given(args)
        seen = step.look(world, inputs)
        if not isinstance(seen, Done):
            self._insist_it_may(args, inputs, seen)
            self._write(inputs, What.DOING, world, seen.why)
            facts = step.do(world, inputs, timeout_seconds)
            seen = Done(str((facts or {}).get("said", "")), facts) if facts else step.look(world, inputs)
        if not isinstance(seen, Done):
            raise Failed(f"it was done, and yet: {seen.why}.", hint="`outlive recover --resume` tries again.")
        self._write(inputs, What.DONE, world, seen.said, dict(seen.facts))
        return dict(seen.facts)

    def backward(self, args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        """Takes back what the step left. With `give_up` in `args`, what cannot be taken back is left, and that is told."""
        world, step, inputs = self._given(args, back=True)
        self._write(inputs, What.UNDOING, world)
        try:
            said = step.undo(world, inputs)
        except OutliveError as error:
            if not args.get("give_up"):
                raise
            self._write(inputs, What.LEFT, world, f"not taken back: {error}", {"cure": error.hint})
            return {}
        self._write(inputs, What.UNDONE, world, said or "")
        return {}

    def _given(self, args: dict[str, Any], *, back: bool = False) -> tuple[World, Step, Inputs]:
        recovery = self._journal.recovery(args["run"])
        step = self._steps.get(args["kind"])
        if recovery is None or step is None:
            raise Failed(f"this version knows no run {args['run']!r} or no kind of step {args['kind']!r}.")
        entries = self._journal.entries(recovery.id)
        own = dict(args["args"]) | self._said(args["step"], entries)
        kinds = {one["name"]: one["args"]["kind"] for one in recovery.steps}
        facts = (facts_ever if is_ended(entries) else facts_of)(entries) if back else standing_facts(entries)
        begun = frozenset(
            kinds[one.step] for one in entries if one.step in kinds and one.what in (What.DOING, What.DONE)
        )
        return self._world(recovery, facts), step, Inputs(recovery.id, args["step"], own, facts, begun)

    def _said(self, step: str, entries: list[Entry]) -> dict[str, Any]:
        """What people have said in writing: of the whole run (`waiver`), or of this step (`own_waiver`, `named`,
        `approved`)."""
        found: dict[str, Any] = {}
        for one in entries:
            word = {"who": one.by, "at": one.at.isoformat(), "text": one.said}
            if one.what is What.WAIVED and one.step in ("", step):
                found["own_waiver" if one.step else "waiver"] = word
            if one.what is What.APPROVED and one.step == step:
                found |= {"named": one.facts["named"]} if "named" in one.facts else {"approved": word}
        return found

    def _insist_it_may(self, args: dict[str, Any], inputs: Inputs, seen: Look) -> None:
        """Returns when it is surely not done, and somebody has approved it where that is wanted."""
        if not isinstance(seen, NotYet):
            raise CannotTell(f"({inputs.step}: {getattr(seen, 'why', '')})")
        said = {
            one.step
            for one in self._journal.entries(inputs.run)
            if one.what is What.APPROVED and "named" not in one.facts
        }
        if args["approval"] and inputs.step not in said:
            raise Refused(
                f"The step {inputs.step!r} wants an approval of its own.",
                hint=f'outlive recover --resume --approve "{inputs.step}"',
            )

    def _unless_ended(self, act: Act) -> Act:
        """The engine goes on with whatever a kill cut off, also with a run that was taken back since, when the undo was
        quicker than its look at it: such a run must not come back beside a later one."""

        def careful(args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
            if is_ended(self._journal.entries(args["run"])):
                raise Refused(f"The run {args['run']} has ended; nothing more is done for it.", hint="Begin another.")
            return act(args, timeout_seconds)

        return careful

    def _told(self, act: Act) -> Act:
        """The same, with every failure in the journal."""

        def told(args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
            try:
                return act(args, timeout_seconds)
            except OutliveError as error:
                self._failed(args, error)
                raise
            except Exception as error:  # a step of anybody's may be wrong: told, and gone on with
                failed = _no_room(error) or Failed(f"{type(error).__name__}: {error}", hint=BUG)
                self._failed(args, failed)
                raise failed from error

        return told

    def _failed(self, args: dict[str, Any], error: OutliveError) -> None:
        """A step that waits says the same many times: it is noted once."""
        said = str(error)
        last = next(reversed([one for one in self._journal.entries(args["run"]) if one.step == args["step"]]), None)
        if last is not None and (last.what, last.said) == (What.FAILED, said):
            return
        recovery = self._journal.recovery(args["run"])
        if recovery is not None:
            now = self._world(recovery, {}).clock.now()
            facts = {"exit_code": error.exit_code, "cure": error.hint}
            self._journal.write(recovery.id, now, args["step"], What.FAILED, self._by, said, facts)

    def _write(
        self, inputs: Inputs, what: What, world: World, said: str = "", facts: dict[str, Any] | None = None
    ) -> None:
        self._journal.write(inputs.run, world.clock.now(), inputs.step, what, self._by, said, facts)


def _recorded(act: Act) -> Act:
    """What cannot be written into the journal is not gone on with: no effect without its record, and no attempt after
    attempt at a full disk of which nobody hears."""

    def recorded(args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        try:
            return act(args, timeout_seconds)
        except StateFailed as error:
            raise Interrupted(str(error)) from error

    return recorded


def _no_room(error: Exception) -> Failed | None:
    """When it was the disk of this machine that was full."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return Failed(f"{error.filename or 'the disk here'}: {error.strerror}.", hint=NO_ROOM)
