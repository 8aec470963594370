"""On which machine the steps of a run work. Pure, and the only place that decides it.

Never on the host itself for want of another: in the outage that Outlive comes from, the machine that was thought to be lost
still served. A run that orders its machine has none until the provider has made one, and a step that would work there before
is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from outlive.errors import UsageError
from outlive.model.host import Host, SshAddress
from outlive.model.recovery import Destination, Entry, Recovery, facts_of
from outlive.recovery.runbook import ORDERS, Recipe

Facts = Mapping[str, Mapping[str, Any]]
A_MACHINE = "the machine that is made"
SSH_PORT = 22


def decide(recipe: Recipe, to: str, own: Iterable[Host], *, recovered: str, rehearsal: bool) -> Destination:
    """What `--to` and the runbook make of it; `own` are the hosts that are guarded, `recovered` the name of the one that is
    brought back. Raises `UsageError`."""
    if to and not (recipe.to or recipe.order):
        raise UsageError(f"the runbook {recipe.name} wants no --to.", hint="docs/how-to/recover.md shows each.")
    if rehearsal and to and (taken := _whose(to, own)):
        raise UsageError(
            f"{to} is {taken} itself; a rehearsal would be done on the machine that serves.",
            hint="Name a scratch machine: --to ssh://root@HOST",
        )
    if to and (others := [one for one in own if one.name != recovered]) and (taken := _whose(to, others, port=True)):
        raise UsageError(
            f"{to} is {taken}, another host of outlive.toml; {recovered} would be put over it.",
            hint="Name a new, empty machine: --to ssh://root@HOST",
        )
    if to:
        return Destination.NAMED
    if recipe.to:
        raise UsageError(f"the runbook {recipe.name} wants --to ssh://root@HOST.", hint="docs/how-to/recover.md")
    makes_one = recipe.order is not None and recipe.order.rehearse
    if rehearsal and (recipe.restores or not recipe.asset) and not makes_one:
        raise UsageError(
            f"a rehearsal of {recipe.name} has no machine to work on but the host itself.",
            hint="`outlive drill` tries one asset." if recipe.asset else "Name a scratch machine: --to ssh://root@HOST",
        )
    return Destination.MADE if recipe.order else Destination.ITSELF


def machine(recovery: Recovery, host: Host, facts: Facts) -> Host | None:
    """The machine to work on, reached as the host was (key file, sudo); None until it is made. A run of an earlier version
    says nothing of its destination: it had a machine that was named, or brought back one asset."""
    if recovery.to:
        return replace(host, address=recovery.to)
    if recovery.destination == Destination.MADE or ordering(recovery):
        step = ordering(recovery)
        address = facts.get(step, {}).get("made_address") if step else None
        return made(host, str(address), str(ordered_with(recovery).get("user", ""))) if address else None
    return host


def ordering(recovery: Recovery) -> str:
    """The name of the step that orders the machine; "" where there is none."""
    return next((one["name"] for one in recovery.steps if one["args"]["kind"] in ORDERS), "")


def made(host: Host, address: str, user: str = "") -> Host:
    """The new machine at that address: with SSH's own port, and the host's user unless another is named."""
    was = None if host.is_local else SshAddress.parse(host.address)
    return replace(host, address=f"ssh://{SshAddress(address, user or (was.user if was else None) or 'root')}")


def where(recovery: Recovery, entries: Sequence[Entry]) -> str:
    """The machine in a word, for people: from the run and its journal."""
    return elsewhere(recovery, entries) or (A_MACHINE if ordering(recovery) else recovery.host)


def elsewhere(recovery: Recovery, entries: Sequence[Entry]) -> str:
    """The address of the machine that is not the host itself; "" when there is none, or not yet."""
    return recovery.to or str(facts_of(entries).get(ordering(recovery), {}).get("made_address", ""))


def ordered_with(recovery: Recovery) -> Mapping[str, Any]:
    """What the runbook says to the step that orders the machine; empty where there is none."""
    step = ordering(recovery)
    return next((one["args"]["args"] for one in recovery.steps if one["name"] == step), {})


def _whose(to: str, own: Iterable[Host], *, port: bool = False) -> str:
    """Whose address that is. With `port`, several machines may be behind one address."""

    def at(text: str) -> tuple[str, int]:
        address = SshAddress.parse(text)
        return address.host, (address.port or SSH_PORT) if port else 0

    try:
        there = at(to)
    except ValueError:
        return ""
    named = [(one.name, one.addresses if one.is_local else (one.address, *one.addresses)) for one in own]
    return next((name for name, several in named if there in map(at, several)), "")
