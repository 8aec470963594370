"""Within a window that was declared beforehand, what answers becomes what is pinned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from outlive.model.host import Host
from outlive.model.observation import Observation
from outlive.model.watching import Enrolment, Window
from outlive.state.watching import Watching
from outlive.watch import enrol
from outlive.watch.enrolling import candidate, pin
from outlive.watch.errors import SeveralMachines
from outlive.watch.watcher import Watcher

LATELY = timedelta(minutes=5)


def accept_declared(watcher: Watcher, memory: Watching, present: Sequence[Observation]) -> Iterator[str]:
    """Pins what an open window explains of what is seen at present; a sentence for each host that came to be another."""
    now = watcher.now()
    for window in watcher.windows:
        host = watcher.settings.host(window.host)
        if host is None or not window.covers(now):
            continue
        seen = [one for one in present if one.at >= max(window.since, now - LATELY)]
        if changed := _accept(watcher, memory, host, window, seen):
            yield f"{host.name}: {', '.join(changed)} changed within the declared {window.expect}, and is pinned anew"


def _accept(watcher: Watcher, memory: Watching, host: Host, window: Window, seen: Sequence[Observation]) -> list[str]:
    """The facts that changed; none when nothing did, or when the window does not explain it."""
    known = watcher.enrolments.get(host.name)
    try:
        found = candidate(watcher, seen, host)
    except SeveralMachines:
        return []
    if known is None or found is None:
        return []
    changes = enrol.changes(known.facts, found.facts)
    moved = set(found.subjects) != set(known.facts.get(enrol.ADDRESS, ()))
    if not enrol.accepts(window.expect, changes) or not (changes or (moved and window.expect in ("move", "replace"))):
        return []
    how = f"{window.expect} declared {window.since:%Y-%m-%d %H:%M:%S}Z by {window.by}"
    pin(memory, watcher, host, found, Enrolment(host.name, watcher.now(), "keeper", how, found.facts))
    return [one.fact for one in changes] or [enrol.ADDRESS]
