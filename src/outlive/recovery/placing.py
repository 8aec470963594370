"""Directories brought to the new host, one after the other: looked for, staged, put in place, taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from outlive.backup.restore.pour import step
from outlive.commands import placing as words
from outlive.commands.placing import Place, Standing
from outlive.errors import Refused, RestoreFailed
from outlive.recovery.steps.base import Done, Look, NotYet, Unknown
from outlive.transport.base import Shell

ASK_SECONDS = 60
MOVE_SECONDS = 600


def look(shell: Shell, place: Place, *, aside: bool = False) -> Look:
    """`Done` with the receipt's facts. What is there and is not ours is `Unknown`, unless it may go `aside`: nothing is ever
    written over."""
    standing, receipt = _standing(shell, place)
    match standing:
        case Standing.PLACED:
            facts = json.loads(receipt)
            return Done(str(facts.get("said", "")), facts)
        case Standing.TAKEN if not aside:
            return Unknown(f"{shell.name}:{place.final} holds something that this run did not put there")
        case _:
            return NotYet(f"nothing is at {place.final} yet")


def bring(
    shell: Shell, place: Place, stage: Callable[[str], object], facts: Mapping[str, Any], *, aside: bool = False
) -> None:
    """Has `stage(path)` fill a directory that comes to be whole or not at all, unless a killed attempt had that already,
    and puts it in its place. `facts` are what the receipt will say. Raises `Refused` when something else is there."""
    standing, _ = _standing(shell, place)
    if standing is Standing.TAKEN:
        _make_way(shell, place, aside)
        standing = Standing.ABSENT
    if standing is Standing.PLACED:
        return
    if standing is Standing.ABSENT:
        step(shell.run(words.clean(place), timeout_seconds=MOVE_SECONDS), "removing what an earlier attempt left")
        stage(place.staging)
    receipt = json.dumps(facts).encode()
    put = partial(shell.run, words.put(place), stdin=receipt, timeout_seconds=MOVE_SECONDS)
    if (done := put()).status == words.TAKEN:  # since a killed attempt had staged it
        _make_way(shell, place, aside)
        done = put()
    step(done, f"putting {place.final} in place")


def _make_way(shell: Shell, place: Place, aside: bool) -> None:
    if not aside:
        raise Refused(
            f"{shell.name}:{place.final} holds something that this run did not put there.",
            hint="Look at it; move it away if it is nothing, then `outlive recover --resume`.",
        )
    said = f"moving what is at {place.final} aside, to {place.aside}"
    step(shell.run(words.move_aside(place), timeout_seconds=MOVE_SECONDS), said)


def clean(shell: Shell, place: Place) -> None:
    """What killed attempts have staged goes; what was put in place stays. Raises `RestoreFailed`."""
    said = f"removing what was not brought to {place.final}"
    step(shell.run(words.unstage(place), timeout_seconds=MOVE_SECONDS), said)


def take_back(shell: Shell, place: Place) -> None:
    """What was put there is kept aside. Raises `RestoreFailed`."""
    step(shell.run(words.take_back(place), timeout_seconds=MOVE_SECONDS), f"taking {place.final} back")


def _standing(shell: Shell, place: Place) -> tuple[Standing, str]:
    asked = step(shell.run(words.look(place), timeout_seconds=ASK_SECONDS), f"looking at {place.final}")
    try:
        return words.read_look(asked.text)
    except ValueError as error:
        raise RestoreFailed(f"{shell.name}: {error}; does its shell print a greeting?") from error
