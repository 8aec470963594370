"""An export of Temporal's into a running server: what is missing is made, what is there stays, unless a person asks.

What was restored waits paused: the workflows that a schedule starts charge cards and send letters, and at this moment
nobody knows yet whether the old server still runs, or what it has done since the export.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from outlive.backup.streams.unseal import unseal_all
from outlive.commands.temporal import Export, read
from outlive.commands.temporal_compare import Comparison, compare
from outlive.errors import CopyDamaged, Failed
from outlive.model.copy import Manifest
from outlive.sources.temporal import TEMPORAL
from outlive.transport.temporal_door import Door
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


def read_export(vault: Vault, manifest: Manifest, identities: Sequence[Identity]) -> Export:
    """What was exported. Raises `CopyDamaged`, `WrongKey` and the vault's errors."""
    stream = manifest.stream(TEMPORAL)
    if stream is None:
        raise CopyDamaged(f"{manifest.id} has no {TEMPORAL}.")
    try:
        return read(unseal_all(vault, manifest, stream, identities))
    except ValueError as error:
        raise CopyDamaged(f"{manifest.id}, {TEMPORAL}: {error}.") from error


@dataclass(frozen=True, slots=True)
class Restored:
    """How the export and the server compare afterwards; `failed`: what the server would not take, and why."""

    comparison: Comparison
    failed: tuple[str, ...]


def restore_temporal(
    door: Door, wanted: Export, seen: Comparison, *, update: bool, run: bool, say: Callable[[str], None]
) -> Restored:
    """Makes what `seen` says is missing: namespaces, search attributes, schedules. With `update` a schedule that is there
    otherwise becomes as it was exported, paused or running as it is there, and so do retention, description, owner and data
    of a namespace. With `run` they run as they did when they were
    exported, also those that an earlier restore left paused. What one schedule fails at keeps no other from coming back;
    killed anywhere, the next call goes on. Nothing is ever deleted."""
    acts: list[tuple[str, Callable[[], None]]] = []
    for namespace in seen.namespaces:
        acts.append((f"namespace {namespace.name}: made", partial(door.register, namespace)))
    for name, attributes in seen.attributes.items():
        said = f"namespace {name}: made the search attributes {', '.join(sorted(attributes))}"
        acts.append((said, partial(door.add_attributes, name, attributes)))
    for namespace in seen.namespaces_differing if update else ():
        acts.append((f"namespace {namespace.name}: updated", partial(door.change, namespace)))
    for name, schedule in seen.missing:
        said = f"{name}/{schedule.id}: made{'' if run else ', paused'}"
        acts.append((said, partial(door.create, name, schedule, hold=not run)))
    for name, schedule in seen.differing if update else ():
        acts.append((f"{name}/{schedule.id}: updated", partial(door.update, name, schedule, keep_state=not run)))
    for name, schedule in seen.held if run else ():
        acts.append((f"{name}/{schedule.id}: runs again", partial(door.update, name, schedule, keep_state=False)))
    failed = []
    for said, act in acts:
        try:
            act()
            say(said)
        except Failed as error:
            failed.append(f"{said.partition(': ')[0]}: {error.detail}")
    return Restored(compare(wanted, door.export(wanted)), tuple(failed))
