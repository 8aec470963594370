"""What an adopted vault tells of who the hosts were, pinned again: host keys that the lost keeper had pinned, and the
databases' own identities."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from outlive import wiring_watch
from outlive.cli.looking import person
from outlive.cli.voice import complain
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import OutliveError
from outlive.model.host import Host
from outlive.model.watching import Enrolment
from outlive.survey.adopt_vault import Found
from outlive.transport import hostkey
from outlive.watch.enrol import KEYS


def enrol(settings: Settings, found: Found, clock: Clock) -> list[str]:
    """The hosts of which something was pinned. A memory that cannot be written keeps nobody from having a configuration; one
    that lies elsewhere may be another keeper's, and is left alone."""
    if settings.schedule.database is not None or not settings.keeper.state.resolve().is_relative_to(
        settings.base.resolve()
    ):
        return []
    known = [(host, facts) for host in settings.hosts if (facts := _facts(settings, host, found))]
    if not known:
        return []
    try:
        with wiring_watch.memory(settings) as memory:
            for host, facts in known:
                memory.enrol(Enrolment(host.name, clock.now(), person(), "adopt", facts))
    except OutliveError as error:
        complain(f"outlive: the hosts could not be enrolled: {error}\n  cure: {error.hint}\n")
        return []
    return [host.name for host, _ in known]


def _facts(settings: Settings, host: Host, found: Found) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    with suppress(ValueError, OutliveError):  # a line that is none: the file came out of the vault
        keys = () if host.is_local else hostkey.pinned(host, settings.keeper.known_hosts)
        if len(keys) == 1:
            facts[KEYS] = keys[0].fingerprint
    clusters = {
        one.manifest.asset: one.manifest.source["system_identifier"]
        for one in found.assets
        if one.manifest.host == host.name and isinstance(one.manifest.source.get("system_identifier"), str)
    }
    return facts | ({"pg.system_identifier": clusters} if clusters else {})
