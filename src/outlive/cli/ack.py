"""`outlive ack`: somebody sees to it; nobody is told again unless it becomes worse."""

from __future__ import annotations

from typing import Annotated

import typer

from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.incident_words import document
from outlive.cli.looking import person
from outlive.cli.tellers import remembered
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError
from outlive.model.incident import Incident


@app.command()
def ack(
    ids: Annotated[list[int] | None, typer.Argument(help="Incidents by number; all that are open if none.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say that you see to it: messages stop until it is over or becomes worse."""
    settings, now, output = load(config), SystemClock().now(), Output(as_json)
    with remembered(settings) as telling:
        found = _chosen(telling.incidents(), ids or [])
        for one in found:
            telling.acknowledge(one.id, person(), now)
        done = [one for one in telling.incidents() if one.id in {each.id for each in found}]
    for one in done:
        output.console.print(f"{one.id}: {one.trouble.what}: yours, {one.acknowledged_by}")
    if not done:
        output.console.print("Nothing is open.")
    output.document({"acknowledged": [document(one) for one in done]})
    return 0


def _chosen(known: list[Incident], ids: list[int]) -> list[Incident]:
    if not ids:
        return [one for one in known if one.ended_at is None and not one.is_acknowledged]
    unknown = set(ids) - {one.id for one in known}
    if unknown:
        raise UsageError(
            f"there is no incident {', '.join(map(str, sorted(unknown)))}.", hint="`outlive incident list` shows them."
        )
    return [one for one in known if one.id in ids]
