"""Two snapshots of a project held against each other, and against what is guarded. Pure.

A second server of the same name was not seen on the day of the outage, and the address of a destroyed one was given to the
next. So every listing is compared with the one before, by id; and each of its servers must be somebody's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from outlive.model.project import Server, Snapshot

# What changes when a machine is exchanged, moved or switched off. The rest (plan, status) is news, and no alarm.
IDENTITY = frozenset({"addresses", "state", "power", "image", "ssh_keys", "created_at"})


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind`: added, gone, changed, orphan, duplicate or credit. `host` is whose server it is ("": nobody's). `is_alarm`:
    somebody must look at it now; else it is told, and that is all."""

    kind: str
    server: str
    what: str
    host: str = ""
    attribute: str = ""
    is_alarm: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "server": self.server,
            "host": self.host or None,
            "attribute": self.attribute or None,
            "what": self.what,
            "alarm": self.is_alarm,
        }


@dataclass(frozen=True, slots=True)
class Known:
    """`owners`: host by server id. `ignored`: attributes, and ids of servers, of which nobody wants to hear.
    `credit_days`: with less than that left, it is an alarm."""

    owners: Mapping[str, str]
    ignored: Collection[str] = ()
    credit_days: float = 7.0


def findings(before: Snapshot | None, now: Snapshot, known: Known) -> list[Finding]:
    """`before` None: there is nothing to compare with. Alarms first."""
    found = [
        *(_differences(before, now, known) if before else ()),
        *_orphans(now, known),
        *_duplicates(now, known),
        *_credit(now, known),
    ]
    wanted = (one for one in found if one.attribute not in known.ignored and one.server not in known.ignored)
    return sorted(wanted, key=lambda one: not one.is_alarm)


def described(server: Server) -> str:
    """Id, hostname and addresses: what a person must compare."""
    return f"{server.id} ({server.hostname}, {' and '.join(server.addresses) or 'no address'})"


def _differences(before: Snapshot, now: Snapshot, known: Known) -> Iterator[Finding]:
    old, new = ({one.id: one for one in snapshot.servers} for snapshot in (before, now))
    for one in (new[key] for key in new.keys() - old.keys()):
        yield Finding("added", one.id, f"server {described(one)} is new", known.owners.get(one.id, ""))
    for one in (old[key] for key in old.keys() - new.keys()):
        host = known.owners.get(one.id, "")
        yield Finding("gone", one.id, f"server {described(one)} is no longer listed", host, is_alarm=bool(host))
    for key in sorted(new.keys() & old.keys()):
        if old[key] != new[key]:
            yield from _changes(old[key], new[key], known.owners.get(key, ""))


def _changes(old: Server, new: Server, host: str) -> Iterator[Finding]:
    """What only one of two listings tells ("None" for a date, no power) is not told to have changed: a hole in a document is
    no data."""
    was, is_now = old.document(), new.document()
    for name in sorted(was.keys() & is_now.keys()):
        if was[name] != is_now[name]:
            what = f"{name} of server {described(new)}: {_shown(was[name])} -> {_shown(is_now[name])}"
            yield Finding("changed", new.id, what, host, name, bool(host) and name in IDENTITY)


def _orphans(now: Snapshot, known: Known) -> Iterator[Finding]:
    for one in now.servers:
        if one.id not in known.owners:
            yield Finding("orphan", one.id, f"server {described(one)} is no guarded host's and in no state")


def _duplicates(now: Snapshot, known: Known) -> Iterator[Finding]:
    named: dict[str, list[Server]] = defaultdict(list)
    for one in now.servers:
        named[one.hostname.lower()].append(one)
    for twins in (twins for name, twins in named.items() if name and len(twins) > 1):
        which = ", ".join(map(described, twins))
        host = next((known.owners[one.id] for one in twins if one.id in known.owners), "")
        yield Finding(
            "duplicate", twins[0].id, f"{len(twins)} servers have one name: {which}", host, is_alarm=bool(host)
        )


def _credit(now: Snapshot, known: Known) -> Iterator[Finding]:
    if now.credit_hours is not None and now.credit_hours < known.credit_days * 24:
        left = f"the credit lasts {max(now.credit_hours, 0) / 24:.1f} days; then the provider switches the servers off"
        yield Finding("credit", "", left, is_alarm=True)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
