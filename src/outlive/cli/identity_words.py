"""How `outlive identity` is told: who was enrolled, and who answers at each address. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from outlive.cli.facts import parting, value
from outlive.cli.looking import Look
from outlive.cli.words import moment
from outlive.model.host import Host
from outlive.model.verdict import Address
from outlive.model.watching import Told
from outlive.state.watching import Watching
from outlive.watch import enrol
from outlive.watch.three_ways import Row

UNKNOWN = "unknown"


def exit_code(found: Look, hosts: Sequence[Host]) -> int:
    """0 when somebody answers as each host and nothing that was pinned is another; 3 when nobody answers at all."""
    answers = {one.answers_as for one in _addresses(found, hosts)} | _insiders(found)
    if any(_changes(found, host) for host in hosts) or UNKNOWN in answers:
        return 1
    if all(host.name in answers for host in hosts):
        return 0
    return 3 if not answers - {None} else 1


def document(found: Look, memory: Watching, hosts: Sequence[Host]) -> dict[str, Any]:
    """`{"hosts": [{"host", "enrolled", "at", "by", "how", "history", "changes"}], "addresses": [..], "windows": [..]}`."""
    return {
        "hosts": [_host(found, memory, host) for host in hosts],
        "addresses": [
            one.to_json() | {"told": [_told(told) for told in _tellings(found, one)]}
            for one in _addresses(found, hosts)
        ],
        "three_ways": [one.to_json() for one in _rows(found, hosts)],
        "windows": [one.observation().value | {"host": one.host, "by": one.by} for one in found.watcher.windows],
    }


def lines(found: Look, memory: Watching, hosts: Sequence[Host]) -> Iterator[str]:
    for host in hosts:
        known = found.watcher.enrolments.get(host.name)
        if known is None:
            yield f"{host.name}: not enrolled (outlive identity {host.name} --enrol)"
            continue
        yield f"{host.name}: enrolled {moment(known.at)} by {known.by} ({known.how})"
        changed = {one.fact: one for one in _changes(found, host)}
        for fact, pinned in known.facts.items():
            if fact in changed:
                yield f"  {fact}: {value(pinned)}  IS NOW  {value(changed[fact].seen)}"
            else:
                yield f"  {fact}: {value(pinned)}"
    yield ""
    yield "Who answers where:"
    for one in _addresses(found, hosts):
        told = "; ".join(f"{told.told_by} since {moment(told.first_at)}" for told in _tellings(found, one))
        yield f"  {one.address}: {one.answers_as or 'nobody'} ({told or ', '.join(one.told_by)})"
    yield from parting(_rows(found, hosts))
    for window in found.watcher.windows:
        if window.until >= found.watcher.now():
            yield f"Expected until {moment(window.until)}: {window.expect} of {window.host}, declared by {window.by}"


def _rows(found: Look, hosts: Sequence[Host]) -> list[Row]:
    return [one for one in found.three_ways if one.host in {host.name for host in hosts}]


def _host(found: Look, memory: Watching, host: Host) -> dict[str, Any]:
    known = found.watcher.enrolments.get(host.name)
    history = [{"at": one.at, "by": one.by, "how": one.how} for one in memory.enrolments(host.name)]
    return {
        "host": host.name,
        "enrolled": known.facts if known else None,
        "at": known.at if known else None,
        "by": known.by if known else None,
        "how": known.how if known else None,
        "history": history,
        "changes": [
            {"fact": one.fact, "pinned": one.pinned, "seen": one.seen, "at": where}
            for where in _subjects(found, host)
            for one in _changes_at(found, host, where)
        ],
    }


def _changes(found: Look, host: Host) -> list[enrol.Change]:
    """At whichever address answers as something else than the host; none where one address answers as it was pinned."""
    at_each = [_changes_at(found, host, where) for where in _subjects(found, host)]
    return [] if not all(at_each) else [one for changes in at_each for one in changes]


def _changes_at(found: Look, host: Host, where: str) -> list[enrol.Change]:
    known = found.watcher.enrolments.get(host.name)
    return enrol.changes(known.facts, enrol.identity(found.seen, where)) if known else []


def _subjects(found: Look, host: Host) -> list[str]:
    """Where somebody let us in as the host."""
    seen = {one.subject for one in found.seen if one.fact == "guest.boot_id"}
    return sorted(seen & {host.name, *found.watcher.subjects(host)})


def _insiders(found: Look) -> set[str | None]:
    """Hosts that are this machine: nobody answers in their name over the network."""
    return {one.subject for one in found.seen if one.witness == "local" and one.error is None}


def _addresses(found: Look, hosts: Sequence[Host]) -> list[Address]:
    ours = {at for host in hosts for at in found.watcher.subjects(host)}
    return [one for one in found.addresses if one.address in ours]


def _tellings(found: Look, one: Address) -> list[Told]:
    watcher = found.watcher
    bare = {at: address for host in watcher.settings.hosts for at, address in watcher.subjects(host).items()}
    return [told for told in watcher.ledger if told.is_asked and told.address == bare.get(one.address)]


def _told(told: Told) -> dict[str, Any]:
    return {"host": told.host, "by": told.told_by, "first": told.first_at, "last": told.last_at}
