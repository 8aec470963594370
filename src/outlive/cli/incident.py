"""`outlive incident`: what went wrong and when."""

from __future__ import annotations

from typing import Annotated

import typer

from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.incident_words import document, line, sending_document, story
from outlive.cli.tellers import remembered
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError

group = typer.Typer(help="What went wrong and when.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(group, name="incident")

IdArgument = Annotated[int, typer.Argument(metavar="ID", help="The incident's number.")]


@group.callback()
def incident() -> None:
    """What went wrong and when."""


@group.command("list")
def listing(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show the open incidents, newest last. Exit 1 when there are any."""
    settings, now, output = load(config), SystemClock().now(), Output(as_json)
    with remembered(settings) as telling:
        found = [one for one in telling.incidents() if everything or one.ended_at is None]
    for one in found:
        output.console.print(line(one, now))
    if not found:
        output.console.print("No incident." if everything else "No incident is open.")
    output.document({"incidents": [document(one) for one in found]})
    return 1 if any(one.ended_at is None for one in found) else 0


@group.command()
def show(number: IdArgument, config: ConfigOption = None, as_json: JsonOption = False) -> int:
    """Show one incident: what, since when, how sure, what it explains, and who was told."""
    settings, now, output = load(config), SystemClock().now(), Output(as_json)
    with remembered(settings) as telling:
        one, sendings = telling.incident(number), telling.sendings(number)
    if one is None:
        raise UsageError(f"there is no incident {number}.", hint="`outlive incident list --all` shows them.")
    for text in story(one, sendings, now):
        output.console.print(text)
    output.document({**document(one), "messages": [sending_document(each) for each in sendings]})
    return 0
