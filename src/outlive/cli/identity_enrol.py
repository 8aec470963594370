"""`outlive identity --enrol`: what is seen becomes what is pinned, once a person has seen the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import typer

from outlive.cli.app import Output
from outlive.cli.asking import is_watched
from outlive.cli.facts import value
from outlive.cli.looking import Look
from outlive.model.host import Host
from outlive.model.watching import Enrolment
from outlive.state.watching import Watching
from outlive.watch import enrol as rules
from outlive.watch.enrolling import Candidate, candidate, pin
from outlive.watch.errors import NotAccepted, NotEnrolled


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants it, and when; `at` names the machine where several answer, `accept` is the code of what was seen."""

    by: str
    now: datetime
    at: str = ""
    accept: str = ""


def enrol(found: Look, memory: Watching, hosts: Sequence[Host], output: Output, wish: Wish) -> int:
    done: list[dict[str, Any]] = []
    for host in hosts:
        one = candidate(found.watcher, found.seen, host, at=wish.at)
        if one is None:
            raise NotEnrolled(f"({host.name})")
        known = found.watcher.enrolments.get(host.name)
        changes = rules.changes(known.facts, one.facts) if known else []
        if changes or not (known or one.is_vouched):
            _insist(host, one, changes, wish)
        pin(memory, found.watcher, host, one, Enrolment(host.name, wish.now, wish.by, "enrol", one.facts))
        done.append({"host": host.name, "enrolled": one.facts, "changed": [change.fact for change in changes]})
        if not output.as_json:
            output.console.print(f"{host.name} is enrolled: {len(one.facts)} facts pinned.")
    output.document({"enrolled": done})
    return 0


def _insist(host: Host, one: Candidate, changes: Sequence[rules.Change], wish: Wish) -> None:
    """Returns when a person accepts the difference."""
    code = rules.code({"host": host.name} | one.facts)
    told = [f"  {change.fact}: {value(change.pinned)} is now {value(change.seen)}" for change in changes]
    told = told or [f"  its host key {value(one.facts.get(rules.KEYS))} is not pinned, so nobody vouches for it"]
    if wish.accept == code:
        return
    words = "\n".join([f"{host.name} at {', '.join(one.subjects)}:", *told])
    if not wish.accept and is_watched():
        typer.echo(words, err=True)
        if typer.confirm("Is that the machine that is meant, and may it be pinned?", err=True):
            return
    raise NotAccepted(
        f"\n{words}\n", hint=f"If that is meant to be so: outlive identity {host.name} --enrol --accept {code}"
    )
