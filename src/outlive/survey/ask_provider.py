"""Which server of which project a host is, asked of the provider's API with a token that only reads."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from outlive.model.project import Server
from outlive.providers import cherry
from outlive.providers.base import Provider
from outlive.providers.cherry import Cherry
from outlive.providers.hetzner import Hetzner
from outlive.transport.api import Api
from outlive.transport.net import NoAnswer

MOST_PROJECTS = 20
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Located:
    """`project` is None where a token belongs to one."""

    project: str | None
    server: Server


async def locate(kind: str, api: Api, addresses: Collection[str]) -> Located:
    """The one server that has one of the addresses. Raises `NoAnswer`, also when there is none, or several."""
    try:
        async with asyncio.timeout(SECONDS):
            found = [
                Located(project, server)
                for project, provider in await _projects(kind, api)
                for server in (await provider.snapshot()).servers
                if set(addresses) & set(server.addresses)
            ]
    except TimeoutError as error:
        raise NoAnswer("timeout", f"no end within {SECONDS:g} s") from error
    if len(found) != 1:
        many = f"{len(found)} servers have" if found else "no server that the token sees has"
        raise NoAnswer("unknown", f"{many} the address {' or '.join(sorted(addresses))}")
    return found[0]


async def _projects(kind: str, api: Api) -> list[tuple[str | None, Provider]]:
    if kind == "hetzner":
        return [(None, Hetzner(api))]
    seen = await cherry.projects(api)
    if len(seen) > MOST_PROJECTS:
        raise NoAnswer("too_long", f"the token sees {len(seen)} projects: name the host's yourself")
    return [(one, Cherry(api, one)) for one in seen]
