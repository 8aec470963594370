"""Whose server the host is, as `outlive init` finds out: by a state beside the configuration, else by the registry of
addresses; and, with a token, by asking the provider itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from getpass import getpass
from pathlib import Path

from outlive import wiring_providers
from outlive.cli.asking import is_watched
from outlive.cli.init_files import Plan, states
from outlive.cli.voice import complain
from outlive.config.checks_providers import is_safe
from outlive.config.checks_watch import is_url
from outlive.config.secrets import resolve
from outlive.errors import OutliveError, UsageError
from outlive.model.asset import SecretRef
from outlive.model.host import Host
from outlive.survey.ask_provider import Located, locate
from outlive.survey.propose_provider import KINDS, Whose, owned_by, public, stated
from outlive.transport import hostkey
from outlive.transport.dns import Names
from outlive.transport.net import NoAnswer, trust
from outlive.transport.registry import owners

TOKEN = "provider-token"
NOBODY = "none"
RDAP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """What a person said of the provider."""

    kind: str = ""
    token: SecretRef | None = None
    url: str | None = None
    rdap: str = NOBODY

    def check(self) -> None:
        """Raises `UsageError`, and `ConfigError` where the token is not to be had: before anybody is asked."""
        if self.kind not in ("", *KINDS):
            raise UsageError(f"--provider {self.kind}: it is none of {', '.join(KINDS)}.", hint="Leave it out else.")
        if self.url and not (is_url(self.url) and is_safe(self.url)):
            hint = "Write https://..., without a login in it; plain http only to a private address of your own network."
            raise UsageError("--provider-url: the token would not be safe on the way there.", hint=hint)
        if self.token:
            resolve(self.token, Path.cwd())


def find(host: Host, plan: Plan, told: Told) -> tuple[Host, Whose]:
    """The host with what it is known by, and its provider. Asks for a token where a person sits and nothing was said."""
    addresses = _addresses(host)
    here = stated(states(plan.base), addresses)
    host = here.known(host) if here else host
    if told.kind:
        whose = Whose(told.kind, "you say", told.token, url=told.url)
    elif here and here.kind:
        whose = Whose(here.kind, "a state beside this file says", told.token, url=told.url)
    else:
        kind = _registered(public(addresses), told.rdap)
        whose = Whose(kind, "the registry of addresses says", told.token, url=told.url)
    if not whose.kind:
        if told.token:
            complain("outlive: nothing tells whose the server is: name its provider with --provider.\n")
        return host, replace(whose, token=None)
    secret = resolve(whose.token, Path.cwd()) if whose.token else _asked(whose.kind, plan)
    if not secret:
        return host, whose
    return _located(host, whose, secret, addresses, plan)


def _located(host: Host, whose: Whose, secret: str, addresses: Sequence[str], plan: Plan) -> tuple[Host, Whose]:
    """Asked of the provider. What does not work out is told, and leaves the table a comment."""
    try:
        api = wiring_providers.api(whose.kind, secret, whose.url)
        found: Located = asyncio.run(locate(whose.kind, api, addresses))
    except NoAnswer as error:
        complain(f"outlive: {whose.kind}: {error.why}. Its table is written as a comment.\n")
        return host, replace(whose, token=None)
    if host.server_id and host.server_id != found.server.id:
        complain(
            f"outlive: the state says that the host is server {host.server_id}, and {whose.kind} that its address is that "
            f"of {found.server.id} ({found.server.hostname}). Find out which is true; the state's id was written down.\n"
        )
    known = replace(host, server_id=host.server_id or found.server.id)
    token = whose.token or _keep(secret, plan)
    return known, replace(whose, project=found.project, token=token)


def _asked(kind: str, plan: Plan) -> str:
    """By a person at a terminal; "" where there is none, or they want to do it later."""
    if plan.dry_run or not is_watched():
        return ""
    words = f"A token of {kind} that may only read, so that its project is watched (Enter: later): "
    try:
        return getpass(words).strip()  # it asks when nothing is echoed any more, which Typer does before
    except EOFError:
        return ""


def _keep(secret: str, plan: Plan) -> SecretRef:
    """Beside the configuration, for nobody else to read."""
    plan.base.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(plan.base / TOKEN, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(f"{secret}\n")
    return SecretRef(file=TOKEN)


def _addresses(host: Host) -> tuple[str, ...]:
    """Where SSH's own configuration leads; none for this machine, and behind another host, where only that can tell."""
    if host.is_local:
        return ()
    try:
        route = hostkey.route(host)
        return () if route.is_proxied else asyncio.run(Names().resolve(route.name))
    except (OutliveError, NoAnswer):
        return ()


def _registered(addresses: Sequence[str], rdap: str) -> str:
    """The kind; "" where the registry does not tell, or was not to be asked."""
    if rdap == NOBODY or not addresses:
        return ""
    try:
        told = owners(addresses[0], Names(), trust(), rdap=rdap, timeout_seconds=RDAP_SECONDS)
        return owned_by(asyncio.run(told))
    except NoAnswer:
        return ""
