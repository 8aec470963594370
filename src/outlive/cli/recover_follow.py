"""A run carried by this process and told as it goes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial

from outlive.cli.app import Output
from outlive.engine.port import Engine, Run, RunStatus
from outlive.errors import Failed, OutliveError
from outlive.keeper.children import Children
from outlive.model.recovery import Entry, Recovery, What
from outlive.model.runbook import Runbook
from outlive.recovery.act import NO_ROOM
from outlive.state.recovering import Recovering

POLL_SECONDS = 0.2
DRAIN_SECONDS = 5.0
INTERRUPTED = 130
LOST_POLLS = 300  # so often in a row a run that no thread carries may be on its way into one, or to its recorded end
_SIGNS = {
    What.DONE: "ok  ",
    What.FAILED: "BAD ",
    What.UNDONE: "back",
    What.LEFT: "LEFT",
    What.DOING: "... ",
    What.UNDOING: "... ",
}


class StandsStill(OutliveError):
    """The recovery stands still; what was done stays, and it can be gone on with or taken back."""

    def __init__(self, detail: str, hint: str, exit_code: int) -> None:
        super().__init__(detail, hint=hint)
        self.exit_code = exit_code


def carry(
    made: tuple[Engine, Children], run: str, runbook: Runbook, journal: Recovering, recovery: Recovery, output: Output
) -> StandsStill | None:
    """To its end: None, or what it stopped at. An engine run that has failed is followed by another, which looks at every
    step again. Ctrl-C leaves it where it stands."""
    engine, children = made
    before = max((one.number for one in journal.entries(recovery.id)), default=0)
    engine.launch()
    try:
        number = 1
        while (known := engine.status(f"{run}:{number}")) is not None and known.status is not RunStatus.RUNNING:
            number += 1
        engine.start(f"{run}:{number}", runbook)
        over = _followed(engine, f"{run}:{number}", partial(_tell_after, journal, recovery, output), before)
    except KeyboardInterrupt:
        output.console.print("interrupted; `outlive recover --resume` goes on where it stands.")
        children.end_all()
        engine.drain(DRAIN_SECONDS)
        os._exit(INTERRUPTED)  # a step that cannot be cut short holds its thread
    engine.close()
    if isinstance(over, str):
        return _cut_off(over)
    return None if over.status is RunStatus.DONE else stopped(journal.entries(recovery.id), before, over.error)


def _followed(engine: Engine, name: str, tell: Callable[[int], int], heard: int) -> Run | str:
    """How it ended; or why nobody goes on with it."""
    nobody = 0
    while True:
        status = engine.status(name)
        heard = tell(heard)
        if status is not None and status.status is not RunStatus.RUNNING:
            return status
        why = engine.cut_off(name)
        nobody = 0 if why is None else nobody + 1
        if why or nobody > LOST_POLLS:
            return why or "what the run came to was not recorded"
        time.sleep(POLL_SECONDS)


def _cut_off(why: str) -> StandsStill:
    """Nothing more is done than what is written down: a full disk here must not double an effect there."""
    return StandsStill(f"Nothing more is begun, for it could not be written down: {why}.", NO_ROOM, Failed.exit_code)


def stopped(entries: list[Entry], before: int, error: str) -> StandsStill:
    """Why, by the last failure after the entry `before`; the same as at an earlier attempt is noted once, with that one."""
    failures = [one for one in reversed(entries) if one.what is What.FAILED]
    last = next((one for one in failures if one.number > before or one.said in error), None)
    if last is None:
        return StandsStill(error, "`outlive recover --resume`", 5)
    return StandsStill(
        f"{last.step}: {last.said}", str(last.facts.get("cure", "")), int(last.facts.get("exit_code", 5))
    )


def _tell_after(journal: Recovering, recovery: Recovery, output: Output, heard: int) -> int:
    """The number of the last entry that was told by now."""
    for entry in journal.entries(recovery.id, heard):
        heard = entry.number
        _tell(entry, output)
    return heard


def _tell(entry: Entry, output: Output) -> None:
    if entry.what in _SIGNS:
        said = f": {entry.said}" if entry.said and entry.what is not What.DOING else ""
        output.console.print(f"  {entry.at:%H:%M:%S} {_SIGNS[entry.what]} {entry.step}{said}")
