"""`outlive check`: every witness is asked once, and the verdict printed. Fit for a CI job."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import typer

from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.looking import SELDOM, Look, look, remembering
from outlive.cli.verdict_words import ledger, told, wrapped
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError
from outlive.model.observation import Observation

LONGEST_WHY = 120


@app.command()
def check(
    remember: Annotated[
        bool, typer.Option("--remember/--no-remember", help="Compare with, and add to, what was seen before.")
    ] = True,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Ask every witness once: is each host still the machine it was, and does it serve? Exit 1 when something was found, 3
    when it could not be told."""
    settings, output = load(config), Output(as_json)
    if not settings.hosts:
        raise UsageError("outlive.toml names no host.", hint="Add a [[hosts]] table.")
    with remembering(settings, wanted=remember) as memory:
        found = look(settings, SystemClock(), memory)
    output.document(document(found))
    if not as_json:
        for line in _lines(found):
            output.console.print(line)
    return found.exit_code


def document(found: Look) -> dict[str, Any]:
    """As CONTRACT has it, and `contradictions`, `certificates`, `domains`."""
    return {
        "hosts": [one.to_json() for one in found.hosts],
        "addresses": [one.to_json() for one in found.addresses],
        "contradictions": [one.to_json() for one in found.judgement.contradictions],
        "certificates": [{"address": one.subject} | one.value for one in found.present("tls.leaf")],
        "domains": [{"name": one.subject} | one.value for one in found.present("dns.domain", SELDOM)],
    }


def _lines(found: Look) -> Iterator[str]:
    for one in found.hosts:
        yield from told(replace(one, in_favour=_distinct(one.in_favour), against=_distinct(one.against)))
        yield ""
    yield from ("Who answers where:", *ledger(found.addresses))
    others = (("Certificates:", found.present("tls.leaf")), ("Domains:", found.present("dns.domain", SELDOM)))
    for title, seen in others:
        yield from ["", title] if seen else []
        yield from (line for one in seen for line in wrapped(_ends(one), "  "))


def _ends(one: Observation) -> str:
    """Until when a certificate or a domain is good; that nobody told is said, and is not good news."""
    of = one.value
    if one.fact == "dns.domain":
        return f"{one.subject}: " + (_why(one) if one.error else f"paid for until {of['expires_at']}")
    where = f"{of['name']} at {one.subject} port {of['port']}"
    if one.error:
        return f"{where}: {_why(one)}"
    return f"{where}: until {of['not_after']}" + ("" if of["valid"] else f", NOT VALID: {of['why']}")


def _why(one: Observation) -> str:
    return f"no data ({textwrap.shorten(str(one.value['why']), LONGEST_WHY, placeholder=' ...')})"


def _distinct(observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
    return tuple({(one.subject, one.fact, str(one.value)): one for one in observations}.values())
