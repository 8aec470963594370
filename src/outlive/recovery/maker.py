"""Who makes machines and switches them off: the providers of `outlive.toml`, with a token that may do so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from outlive.commands import orders
from outlive.commands.orders import Order
from outlive.config.schema_watch import ProviderSettings
from outlive.errors import UsageError
from outlive.model.project import Server
from outlive.providers import cherry, hetzner
from outlive.providers.cherry import Cherry
from outlive.providers.hetzner import Hetzner
from outlive.recovery import cloud
from outlive.recovery.steps.base import World
from outlive.transport.api import Api
from outlive.transport.net import NoAnswer


class Maker(Protocol):
    """Belongs to one event loop. All raise `NoAnswer`."""

    async def servers(self) -> tuple[Server, ...]:
        """Every server of the project; half a list is no answer."""

    async def make(self, order: Order) -> str:
        """The id of the server that was ordered; "" where it was not told."""

    async def power(self, server: str, *, on: bool) -> None:
        """Asks for it; a look tells when it is so."""

    async def delete(self, server: str) -> None:
        """Gives it back, with its disk. The gate is the caller's; a look tells when it is gone."""

    async def offer(self, order: Order) -> str:
        """What is ordered and what it costs, in the provider's words."""


def maker(world: World, args: Mapping[str, Any]) -> Maker:
    """Of the provider that the step names; `token` in the step stands for the one of `outlive.toml`, which may only read.
    Raises `UsageError` and `ConfigError`."""
    one = provider(world, cloud.text(args, "provider"))
    token = cloud.secret(args, "token") if "token" in args else one.token
    if one.kind == "static" or token is None:
        raise UsageError(
            f"the provider {one.name} makes no machines.", hint='It is of kind "cherryservers" or "hetzner".'
        )
    if one.kind == "hetzner":
        return HetznerMaker(cloud.api(world, one.url or hetzner.BASE, token))
    return CherryMaker(cloud.api(world, one.url or cherry.BASE, token), one.project or "", one.team)


def provider(world: World, name: str) -> ProviderSettings:
    """Of `outlive.toml`. Raises `UsageError`."""
    found = next((one for one in world.settings.providers if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in world.settings.providers) or "none"
        raise UsageError(f"outlive.toml has no provider {name!r}.", hint=f"There are: {known}.")
    return found


@dataclass(frozen=True, slots=True)
class CherryMaker:
    api: Api
    project: str
    team: str | None = None

    async def servers(self) -> tuple[Server, ...]:
        return (await Cherry(self.api, self.project, self.team).snapshot()).servers

    async def make(self, order: Order) -> str:
        return _identity((await self.api.send("POST", *orders.cherry(self.project, order))).body)

    async def power(self, server: str, *, on: bool) -> None:
        await self.api.send("POST", *orders.cherry_power(server, on=on))

    async def delete(self, server: str) -> None:
        await self.api.send("DELETE", orders.server_path(server))

    async def offer(self, order: Order) -> str:
        reply = await self.api.get(orders.cherry_plan(order.plan))
        return _read(lambda: orders.cherry_offer(reply.body))


@dataclass(frozen=True, slots=True)
class HetznerMaker:
    api: Api

    async def servers(self) -> tuple[Server, ...]:
        return (await Hetzner(self.api).snapshot()).servers

    async def make(self, order: Order) -> str:
        body = (await self.api.send("POST", *orders.hetzner(order))).body
        return _identity(body.get("server") if isinstance(body, dict) else None)

    async def power(self, server: str, *, on: bool) -> None:
        await self.api.send("POST", *orders.hetzner_power(server, on=on))

    async def delete(self, server: str) -> None:
        await self.api.send("DELETE", orders.server_path(server))

    async def offer(self, order: Order) -> str:
        reply = await self.api.get(orders.hetzner_plan(order.plan))
        return _read(lambda: orders.hetzner_offer(reply.body, order.region))


def _read(text: Callable[[], str]) -> str:
    try:
        return text()
    except ValueError as error:
        raise NoAnswer("unreadable", f"the price: {error}") from error


def _identity(document: Any) -> str:
    found = document.get("id") if isinstance(document, dict) else None
    return str(found) if isinstance(found, int | str) and not isinstance(found, bool) else ""
