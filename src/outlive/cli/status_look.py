"""The looks at the hosts and the mirror that `status` takes: all at once, hosts with a ceiling, so that one that hangs
delays nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outlive import wiring
from outlive.cli.mirror_look import MirrorLook, look_at_mirror
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import OutliveError
from outlive.keeper.apart import Identity, why_same
from outlive.keeper.whereabouts import own_identity
from outlive.model.host import Host
from outlive.survey.found import Survey
from outlive.survey.look import look
from outlive.survey.proposal import LeftOut
from outlive.survey.propose import propose
from outlive.survey.unguarded import unguarded
from outlive.transport.deadline import DeadlineShell

CEILING_SECONDS = 20.0


@dataclass(slots=True)
class Looked:
    """What the looks at the hosts gave: who answered (`host`, `seen_at`, `because`: what was in the way), what nobody
    guards, what could not be seen and why, on which hosts this very machine is, and how the mirror stands."""

    hosts: list[dict[str, Any]] = field(default_factory=list)
    unguarded: list[tuple[str, LeftOut]] = field(default_factory=list)
    blind: list[dict[str, Any]] = field(default_factory=list)
    same: dict[str, str] = field(default_factory=dict)
    mirror: MirrorLook | None = None


def look_around(settings: Settings, clock: Clock) -> Looked:
    """At the hosts and the mirror."""
    with ThreadPoolExecutor(1) as pool:
        mirror = pool.submit(look_at_mirror, settings, clock)
        looked = look_at_hosts(settings, clock.now())
        looked.mirror = mirror.result()
    return looked


def look_at_hosts(settings: Settings, now: datetime, *, ceiling_seconds: float = CEILING_SECONDS) -> Looked:
    """One read-only look at each host. A host that cannot be seen is said to be unseen, never to be well."""
    looked = Looked()
    if not settings.hosts:
        return looked
    with ThreadPoolExecutor(len(settings.hosts)) as pool:
        for found in pool.map(lambda host: _look(settings, host, now, ceiling_seconds), settings.hosts):
            looked.hosts += found.hosts
            looked.unguarded += found.unguarded
            looked.blind += found.blind
            looked.same |= found.same
    return looked


def blind(what: str, since: datetime, until: datetime, why: str) -> dict[str, Any]:
    """Something that was not seen for a time, as CONTRACT has it, with the reason."""
    return {"what": what, "from": since, "to": until, "why": why}


def _look(settings: Settings, host: Host, now: datetime, seconds: float) -> Looked:
    try:
        shell = DeadlineShell(wiring.host_shell(settings, host), seconds)
        survey = look(shell, host.address, wanted=_watched_paths(settings, host))
    except OutliveError as error:
        why = str(error)
        return Looked(hosts=[_host(host, None, [why])], blind=[blind(f"host {host.name}", now, now, why)])
    left = unguarded(propose(survey, host=host.name), settings.assets, settings.unguarded)
    found = Looked(hosts=[_host(host, now, [])], unguarded=[(host.name, one) for one in left])
    if shell.was_cut:
        why = f"it did not answer everything within {seconds:.0f} s; there may be more that nobody guards"
        found.blind.append(blind(f"part of host {host.name}", now, now, why))
    if why := _why_same(survey):
        found.same[host.name] = why
    return found


def _why_same(survey: Survey) -> str:
    facts = survey.host
    return "" if facts is None else why_same(own_identity(), Identity(facts.machine_id, facts.boot_id))


def _watched_paths(settings: Settings, host: Host) -> tuple[str, ...]:
    """Paths that are guarded on the host: a look need not propose what lies around them."""
    return tuple(asset.path for asset in settings.assets if asset.kind == "path" and asset.host == host.name)


def _host(host: Host, seen_at: datetime | None, because: list[str]) -> dict[str, Any]:
    return {"host": host.name, "seen_at": seen_at, "because": because}
