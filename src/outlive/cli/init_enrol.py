"""What `outlive init` pins of a host: who it is, as it was seen in this look, by a login to a key that was vouched for."""

from __future__ import annotations

import asyncio
from typing import Any

from outlive import wiring_watch
from outlive.cli.init_host import Reached
from outlive.cli.looking import person
from outlive.cli.voice import complain
from outlive.clock import Clock
from outlive.commands import guest
from outlive.config.schema import Settings
from outlive.errors import OutliveError
from outlive.model.asset import PostgresAsset, PostgresDumpAsset
from outlive.model.host import Host
from outlive.model.observation import Channel
from outlive.model.watching import Enrolment
from outlive.survey.found import Survey
from outlive.transport import hostkey
from outlive.transport.dns import Names
from outlive.transport.net import NoAnswer
from outlive.transport.ssh_peer import subject
from outlive.watch import enrol as rules
from outlive.witnesses.base import Pad
from outlive.witnesses.inside import told


def ask(reached: Reached, host: Host, clock: Clock) -> dict[str, Any]:
    """What the host says of itself, as it is pinned; empty when it does not answer as a shell does."""
    try:
        found = guest.read_look(reached.shell.run(guest.look((), full=True), timeout_seconds=30).text)
    except (OutliveError, ValueError):
        return {}
    pad = Pad("init", Channel.INSIDE, host.name, clock)
    seen = list(told(pad, found, lambda place, token: None))
    if reached.fingerprint:
        seen.append(pad.note(rules.KEYS, reached.fingerprint))
    return rules.identity(seen, host.name)


def enrol(settings: Settings, name: str, facts: dict[str, Any], survey: Survey, clock: Clock) -> None:
    """Pins it. A memory that cannot be written keeps nobody from having a configuration."""
    host = settings.host(name)
    if host is None or not facts:
        return
    facts = facts | _clusters(settings, survey) | _addresses(settings, host)
    try:
        with wiring_watch.memory(settings) as memory:
            memory.enrol(Enrolment(name, clock.now(), person(), "init", facts))
    except OutliveError as error:
        complain(
            f"outlive: {name} could not be enrolled: {error}\n  cure: {error.hint} Then: outlive identity --enrol\n"
        )
        return


def _clusters(settings: Settings, survey: Survey) -> dict[str, Any]:
    """The databases' own identities, by the assets that they became."""
    ids = {(one.way.container, one.way.socket, one.way.port): one.system_identifier for one in survey.postgres}
    assets = [one for one in settings.assets if isinstance(one, PostgresAsset | PostgresDumpAsset)]
    found = {one.name: ids.get((one.container, one.socket, one.port), "") for one in assets}
    known = {name: identifier for name, identifier in found.items() if identifier}
    return {"pg.system_identifier": known} if known else {}


def _addresses(settings: Settings, host: Host) -> dict[str, Any]:
    if host.is_local:
        return {}
    route = hostkey.route(host)
    try:
        found = asyncio.run(Names(settings.watch.resolvers).resolve(route.name))
    except NoAnswer:
        found = (route.name,)
    return {rules.ADDRESS: [subject(one, route.port) for one in found]}
