"""A run of a runbook, and its journal: who did what when. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class What(StrEnum):
    """What happened. `step` is empty for what concerns the whole run."""

    BEGUN = "begun"
    RESUMED = "resumed"
    APPROVED = "approved"  # a person's word: for a step, or a waiver in writing
    WAIVED = "waived"
    DOING = "doing"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"
    LEFT = "left"  # it could not be taken back, and a person said to leave it
    ENDED = "ended"


class Destination(StrEnum):
    """On which machine a run's steps work."""

    NAMED = "named"  # the one of --to
    MADE = "made"  # the one that a step of the run orders: known once it is there
    ITSELF = "itself"  # the host, where it stands


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a run is to do: `steps` are what the engine carries, `to` where to ("" where nobody named a machine), `losses`
    what was shown beforehand, `former` the host's address when it began and `former_server` its id at the provider;
    `identity` is the file of the private key, if one was named."""

    id: str
    began_at: datetime
    host: str
    runbook: str
    title: str
    to: str
    by: str
    steps: tuple[dict[str, Any], ...]
    losses: tuple[dict[str, Any], ...] = ()
    rehearsal: bool = False
    former: str = ""
    identity: str = ""
    destination: str = ""
    former_server: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal. `facts` is JSON, free of secrets."""

    run: str
    number: int
    at: datetime
    step: str
    what: What
    by: str
    said: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def facts_of(entries: Iterable[Entry], *, gone: Container[What] = (What.UNDONE,)) -> dict[str, dict[str, Any]]:
    """What the steps that are done found, by the step's name, in the order in which they were first done. `gone`: after what
    it is so no longer."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if entry.what is What.DONE:
            found[entry.step] = entry.facts
        elif entry.what in gone:
            found.pop(entry.step, None)
    return found


def standing_facts(entries: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    """The same for a run on its way forward: of a step whose undo was begun, and cut off, nothing is known any more."""
    return facts_of(entries, gone=(What.UNDOING, What.UNDONE))


def facts_ever(entries: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    """The same, of what was taken back, too."""
    return facts_of(entries, gone=())


def begun_steps(entries: Iterable[Entry]) -> list[str]:
    """The steps that may have left something, in the order in which they were begun; those that are undone, or left for
    good, are not among them."""
    found: list[str] = []
    for entry in entries:
        if entry.what is What.DOING and entry.step not in found:
            found.append(entry.step)
        elif entry.what in (What.UNDONE, What.LEFT) and entry.step in found:
            found.remove(entry.step)
    return found


def is_ended(entries: Iterable[Entry]) -> bool:
    """Whether the run has come to its end, whatever end: it is not to be resumed."""
    return any(entry.what is What.ENDED for entry in entries)
