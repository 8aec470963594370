"""One look at everybody, as `outlive check --json` tells it, kept in the run's folder: it is the evidence, and the gate may
judge by it while it is as good as a look of its own.

A host that is silent costs a look every time-out there is, so that two of them one after the other were a third to a half
of a small recovery (bench/README.md, "A lost host"). One look decides, as ever; it only need not be taken twice. What keeps
that safe:

- it counts from the moment at which it *began*, and ended within a moment (`gate.is_current`): a run that was killed or
  refused in between looks anew;
- it can only open the gate, never shut it: what would refuse looks anew, for the old machine may have been switched off
  by now;
- a sign of life that anybody has remembered since (the keeper goes on looking) makes it void.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from outlive.errors import Failed, NoData
from outlive.model.observation import moment
from outlive.model.verdict import Address, Name, Verdict
from outlive.recovery.gate import is_current
from outlive.recovery.known import Looked
from outlive.recovery.steps.base import World

NAME = "evidence.json"
LOOK_SECONDS = 300
LIFE = ("ssh.host_key", "tcp.connect")  # what an address tells that is alive, whoever it is


@dataclass(frozen=True, slots=True)
class KeptLook:
    """`document` is what `outlive check --json` said."""

    began_at: datetime
    ended_at: datetime
    document: Mapping[str, Any]

    def looked(self) -> Looked:
        """As the gate reads it, at the moment at which it ended. Raises `NoData`."""
        try:
            hosts = [
                Verdict(one["host"], Name(one["verdict"]), bool(one["confirmed"])) for one in self.document["hosts"]
            ]
            addresses = [Address(one["address"], (), one["answers_as"]) for one in self.document["addresses"]]
        except (KeyError, ValueError, TypeError) as error:
            raise NoData("`outlive check` said nothing that could be read.") from error
        return Looked(self.ended_at, hosts, addresses)


def look(world: World, timeout_seconds: float = LOOK_SECONDS) -> KeptLook:
    """Everybody is asked, now."""
    began = world.clock.now()
    document = world.outlive(["check"], min(timeout_seconds, LOOK_SECONDS))["document"]
    return KeptLook(began, world.clock.now(), document)


def file_of(world: World) -> Path:
    return world.folder / NAME


def keep(world: World, seen: KeptLook) -> None:
    """Into the run's folder; whole, or not at all."""
    times = {"began_at": seen.began_at.isoformat(), "at": seen.ended_at.isoformat()}
    file = file_of(world)
    fresh = file.with_suffix(".new")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps({**times, **seen.document}, indent=1))
        fresh.replace(file)
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}.", hint="Make room below `keeper.state`.") from error


def current(world: World) -> KeptLook | None:
    """The one that was kept, if it still says how it is now; None also when it cannot be read."""
    try:
        told = json.loads(file_of(world).read_text())
        seen = KeptLook(moment(told.pop("began_at")), moment(told.pop("at")), told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not is_current(seen.began_at, seen.ended_at, world.clock.now()):
        return None
    return None if _answers_by_now(world, seen) else seen


def _answers_by_now(world: World, seen: KeptLook) -> bool:
    """Whether an address that was silent has answered anybody since."""
    silent = [one["address"] for one in seen.document.get("addresses", ()) if one.get("answers_as") is None]
    later = world.memory.of_facts(silent, LIFE, seen.ended_at) if silent else []
    return any(one.last.at > seen.ended_at and one.last.error is None for one in later)
