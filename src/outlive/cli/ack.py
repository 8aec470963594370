"""`outlive ack`: somebody sees to it; nobody is told again unless it becomes worse. With `--rotated` or `--harmless` what
was found in logs is dealt with: it alarms no more, and what is new after that does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from outlive import wiring_state
from outlive.alerts import signs
from outlive.alerts.troubles import cause_of
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.incident_words import document
from outlive.cli.looking import person
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError
from outlive.model.incident import Incident
from outlive.model.observation import Observation
from outlive.model.watching import Judged, Settlement, which
from outlive.state.telling import Telling
from outlive.state.watching import Watching


@app.command()
def ack(
    ids: Annotated[list[int] | None, typer.Argument(help="Incidents by number; all that are open if none.")] = None,
    rotated: Annotated[
        bool,
        typer.Option("--rotated", help="What was found in logs is worth nothing any more: every secret is changed."),
    ] = False,
    harmless: Annotated[
        bool, typer.Option("--harmless", help="What was found in logs was looked into: no secret, nobody's work.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say that you see to it: messages stop until it is over or becomes worse. Say that what was found in a log is dealt
    with: it alarms no more."""
    how, output = _how(rotated=rotated, harmless=harmless), Output(as_json)
    settled: list[Settlement] = []
    store, now = wiring_state.store(load(config)), SystemClock().now()
    try:
        telling, watching = Telling(store), Watching(store)
        found = _chosen(telling.incidents(), ids or [])
        if how:
            found, settled = _settled(watching, found, how, now, everything=not ids)
            watching.settle(settled)
        for one in found:
            telling.acknowledge(one.id, person(), now)
        done = [one for one in telling.incidents() if one.id in {each.id for each in found}]
    finally:
        store.close()
    for one in done:
        output.console.print(f"{one.id}: {one.trouble.what}: yours, {one.acknowledged_by}")
    for each in settled:
        output.console.print(f"{each.service} at {each.subject}: {each.rule} {each.fingerprint}: {how}, {each.by}")
    if not done and not settled:
        output.console.print("Nothing that was found in a log is open." if how else "Nothing is open.")
    output.document({"acknowledged": [document(one) for one in done], "settled": [_document(one) for one in settled]})
    return 0


def _how(*, rotated: bool, harmless: bool) -> str:
    if rotated and harmless:
        raise UsageError("It was either changed or harmless.", hint="Name --rotated or --harmless, for each incident.")
    return "rotated" if rotated else "harmless" if harmless else ""


def _settled(
    watching: Watching, found: list[Incident], how: str, now: datetime, *, everything: bool
) -> tuple[list[Incident], list[Settlement]]:
    """Which of the incidents are about what was found in logs, and what that is; with `everything` also what nobody was
    told of."""
    open_signs = signs.unsettled(watching.signs(now - signs.TOLD), watching.settlements())
    standing = watching.standing()
    about = {one.id: _signs_of(one, open_signs, standing) for one in found}
    if not everything and (others := [number for number, its in about.items() if not its]):
        raise UsageError(
            f"nothing that was found in a log is open in incident {', '.join(map(str, others))}.",
            hint="`outlive ack NUMBER` says that you see to it.",
        )
    chosen = open_signs if everything else [one for its in about.values() for one in its]
    by_what = {which(one): Settlement.of(one, now, person(), how) for one in chosen}
    return [one for one in found if about[one.id]], list(by_what.values())


def _signs_of(one: Incident, open_signs: Sequence[Observation], standing: Mapping[str, Judged]) -> list[Observation]:
    """By its cause; of a host's verdict those that it names."""
    judged = standing.get(one.trouble.host or "")
    told = judged.document.get("for", ()) if judged and one.cause == cause_of(judged.host) else ()
    named = {which(each) for each in map(Observation.from_json, told) if each.fact == "log.leak"}
    return [sign for sign in open_signs if signs.is_of(sign, one.cause) or which(sign) in named]


def _document(one: Settlement) -> dict[str, Any]:
    names = ("subject", "service", "rule", "fingerprint", "how", "by", "at")
    return {name: getattr(one, name) for name in names}


def _chosen(known: list[Incident], ids: list[int]) -> list[Incident]:
    if not ids:
        return [one for one in known if one.ended_at is None and not one.is_acknowledged]
    unknown = set(ids) - {one.id for one in known}
    if unknown:
        raise UsageError(
            f"there is no incident {', '.join(map(str, sorted(unknown)))}.", hint="`outlive incident list` shows them."
        )
    return [one for one in known if one.id in ids]
