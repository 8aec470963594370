"""`outlive demo`: the whole story on this machine, nothing prepared."""

from __future__ import annotations

import signal
from dataclasses import asdict
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.status import Status

from outlive.cli.app import JsonOption, Output, app
from outlive.cli.words import duration
from outlive.clock import SystemClock
from outlive.demo.story import Outcome, Step, Story
from outlive.errors import OutliveError


@app.command()
def demo(
    as_json: JsonOption = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything on disk to look at.")] = False,
) -> int:
    """A real Postgres under load is guarded, its disk is destroyed, and everything is brought back and compared."""
    signal.signal(signal.SIGTERM, _interrupted)
    output = Output(as_json)
    console = output.console
    console.print(
        "Outlive demo. Everything here is real: a Postgres that is written to, encrypted copies, a disk lost.\n"
    )
    status = console.status("") if console.is_terminal else None
    story = Story(SystemClock(), lambda name: _begin(status, name), lambda step: _show(console, status, step))
    failure: OutliveError | None = None
    try:
        story.run(keep=keep)
    except OutliveError as error:
        failure = error
    finally:
        if status:
            status.stop()
    output.document(_document(story.outcome))
    if failure:
        raise failure
    _summary(console, story.outcome, keep)
    return 0


def _interrupted(*_: object) -> NoReturn:
    """SIGTERM ends the demo as Ctrl-C does: with everything cleaned up."""
    raise KeyboardInterrupt


def _begin(status: Status | None, name: str) -> None:
    if status:
        status.update(f"{name} ...")
        status.start()


def _show(console: Console, status: Status | None, step: Step) -> None:
    if status:
        status.stop()
    mark = "ok " if step.ok else "BAD"
    console.print(f" {mark} {step.name:<50} {duration(step.seconds):>9}")
    if step.detail:
        console.print(f"       {step.detail}")


def _summary(console: Console, outcome: Outcome, keep: bool) -> None:
    lost = f"{outcome.rows_lost:,} of {outcome.rows_acknowledged:,} commits, the last {outcome.loss_seconds:.1f} s"
    console.print(f"\nLost:  {lost} ({outcome.loss_shown_seconds:.1f} s were shown at risk).")
    console.print("       The copy itself is older: the log that was streamed after it brought back the rest.")
    console.print(f"Back:  {duration(outcome.rto_seconds)} after the disk was gone, everything in the vault identical.")
    console.print("Next:  outlive init ssh://root@your-server")
    if keep:
        console.print(f"Kept:  {outcome.folder}")


def _document(outcome: Outcome) -> dict[str, object]:
    """As CONTRACT has it."""
    return {
        "ok": outcome.ok,
        "rows_acknowledged": outcome.rows_acknowledged,
        "rows_restored": outcome.rows_restored,
        "rows_lost": outcome.rows_lost,
        "loss_seconds": outcome.loss_seconds,
        "loss_shown_seconds": outcome.loss_shown_seconds,
        "rto_seconds": outcome.rto_seconds,
        "plain_bytes": outcome.plain_bytes,
        "stored_bytes": outcome.stored_bytes,
        "steps": [asdict(step) for step in outcome.steps],
    }
