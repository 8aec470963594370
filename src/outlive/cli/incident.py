"""`outlive incident`: what went wrong and when."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from outlive import wiring_state
from outlive.cli import incident_case
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.diagnose import EVER, EVIDENCE, read_evidence
from outlive.cli.incident_words import document, line, sending_document, story
from outlive.cli.looking import person
from outlive.cli.scan_files import STDIN
from outlive.cli.tellers import remembered
from outlive.cli.voice import say
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import UsageError
from outlive.incidents.case import Case
from outlive.incidents.imports import KINDS, read
from outlive.incidents.page import page
from outlive.incidents.report import report as write_report
from outlive.model.incident import Incident
from outlive.model.observation import moment
from outlive.model.verdict import Name
from outlive.state.telling import Telling

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
        one, sendings = _incident(telling, number), telling.sendings(number)
    for text in story(one, sendings, now):
        output.console.print(text)
    output.document({**document(one), "messages": [sending_document(each) for each in sendings]})
    return 0


@group.command()
def note(
    number: IdArgument,
    text: Annotated[str, typer.Argument(help="What you saw, did or think.")],
    at: Annotated[str, typer.Option(metavar="TIME", help="When it was, RFC 3339; now if not given.")] = "",
    verdict: Annotated[str, typer.Option(help="The verdict that you assert, such as machine_replaced.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Add what a person says. It is marked as a claim: judged, never believed."""
    settings, now, output = load(config), SystemClock().now(), Output(as_json)
    if verdict and verdict not in list(Name):
        raise UsageError(f"there is no verdict {verdict}.", hint=f"There are: {', '.join(Name)}.")
    with remembered(settings) as telling:
        one = _incident(telling, number)
        host = one.trouble.host or one.cause
        noted = incident_case.note(text, host, person(), _moment(at) if at else now, verdict or None)
        added = telling.note(number, [noted], now)
    output.console.print("Noted." if added else "That was noted before.")
    output.document({"incident": number, "added": added})
    return 0


@group.command("import")
def import_(
    number: IdArgument,
    kind: Annotated[str, typer.Argument(help=f"What it is: {', '.join(KINDS)}.")],
    file: Annotated[str, typer.Argument(help="The file; - is standard input.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Add what other systems recorded: evidence.jsonl, runs of GitHub Actions, docker events, Loki, a shell's history.

    Importing the same again adds nothing. Exit 1 when some of it could not be read.
    """
    settings, now, output = load(config), SystemClock().now(), Output(as_json)
    if kind not in KINDS:
        raise UsageError(f"{kind} is no kind.", hint=f"There are: {', '.join(KINDS)}.")
    with remembered(settings) as telling:
        one = _incident(telling, number)
        try:
            found = read(kind, _text(file), one.trouble.host or one.cause)
        except ValueError as error:
            raise UsageError(
                f"{file}: {error}.", hint="docs/how-to/write-the-postmortem.md shows each kind."
            ) from error
        added = telling.note(number, found.seen, now)
    unread = f"; {found.unread} entries could not be read" if found.unread else ""
    output.console.print(f"{added} of {len(found.seen)} events were new{unread}.")
    output.document({"incident": number, "added": added, "read": len(found.seen), "unread": found.unread})
    return 1 if found.unread else 0


@group.command()
def report(
    number: Annotated[int | None, typer.Argument(metavar="[ID]", help="The incident's number.")] = None,
    evidence: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Report on recorded evidence instead, without a keeper.")
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="As a page to be printed, instead of Markdown.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write it there instead of to standard output.")] = None,
    config: ConfigOption = None,
) -> int:
    """Write the postmortem, in Markdown or HTML: what was seen, what it comes to, what is not known.

    Owners are left blank.
    """
    if (number is None) == (evidence is None):
        raise UsageError("name one incident, or --evidence DIR.", hint="`outlive incident list --all` shows them.")
    if evidence is not None:
        seen = read_evidence(evidence / EVIDENCE)
        case = incident_case.recorded_case(seen, max((one.at for one in seen), default=EVER))
    else:
        assert number is not None
        case = _remembered(load(config), number)
    text = page(write_report(case)) if html else write_report(case)
    if out is None:
        say(text)
    else:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{out}: {error.strerror}.", hint="Name a file that can be written.") from error
    return 0


def _remembered(settings: Settings, number: int) -> Case:
    store = wiring_state.store(settings)
    try:
        return incident_case.remembered_case(settings, store, _incident(Telling(store), number), SystemClock())
    finally:
        store.close()


def _incident(telling: Telling, number: int) -> Incident:
    one = telling.incident(number)
    if one is None:
        raise UsageError(f"there is no incident {number}.", hint="`outlive incident list --all` shows them.")
    return one


def _moment(text: str) -> datetime:
    try:
        return moment(text)
    except ValueError as error:
        raise UsageError(f"--at: {error}.", hint='Write it as "2026-02-07T08:20:00Z".') from error


def _text(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}.", hint="Name a file that can be read, or - .") from error
    return data.decode("utf-8", "replace")
