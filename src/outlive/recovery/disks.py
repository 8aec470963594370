"""Who makes detachable volumes and plugs them in: the providers of `outlive.toml` that have any, with a token that may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from outlive.commands import volume_orders as orders
from outlive.commands.volume_orders import Volume
from outlive.errors import UsageError
from outlive.model.host import SshAddress
from outlive.model.project import Server
from outlive.providers import hetzner
from outlive.providers.hetzner import Hetzner
from outlive.recovery import cloud
from outlive.recovery.maker import provider
from outlive.recovery.steps.base import Inputs, World
from outlive.transport.api import Api
from outlive.transport.net import NoAnswer

T = TypeVar("T")
NONE_AT_CHERRY = (
    "its block storage (iSCSI) is for dedicated servers in EU-Nord-1 only, none can be attached to a VPS, and Outlive does "
    "not order it"
)
INSTEAD = (
    "What outlives the machine there are the copies in the vault. Else: `move-postgres` to a managed service, "
    "or `move-host` to a provider that has volumes (Hetzner Cloud). docs/how-to/put-data-on-a-volume.md"
)


class Disks(Protocol):
    """Belongs to one event loop. All raise `NoAnswer`."""

    async def servers(self) -> tuple[Server, ...]:
        """Every server of the project; half a list is no answer."""

    async def named(self, name: str) -> Volume | None: ...

    async def volume(self, identity: str) -> Volume | None: ...

    async def make(self, name: str, gigabytes: int, server: str) -> str:
        """Its id. It is blank, and is plugged into that server when it is made."""

    async def protect(self, volume: str) -> None: ...

    async def attach(self, volume: str, server: str) -> None:
        """Asks for it; a look tells when it is so."""

    async def detach(self, volume: str) -> None: ...

    async def offer(self, gigabytes: int) -> str:
        """What it costs, in the provider's words."""


def disks(world: World, args: Mapping[str, Any]) -> Disks:
    """Of the provider that the step names. Raises `UsageError` where that has none for such a machine, and `ConfigError`."""
    one = provider(world, cloud.text(args, "provider"))
    if one.kind == "cherryservers":
        raise UsageError(f"CherryServers has no detachable volume for this machine: {NONE_AT_CHERRY}.", hint=INSTEAD)
    token = cloud.secret(args, "token") if "token" in args else one.token
    if one.kind != "hetzner" or token is None:
        raise UsageError(f"the provider {one.name} has no detachable volumes.", hint=INSTEAD)
    return HetznerDisks(cloud.api(world, one.url or hetzner.BASE, token))


def machine(world: World, inputs: Inputs, servers: tuple[Server, ...]) -> Server:
    """The server that is worked on: the one that this run made, else the one with the host's id, else with its address.
    Raises `NoAnswer` where that is not exactly one."""
    wanted = inputs.fact("server_id") or world.host.server_id
    address = SshAddress.parse(world.target.address).host
    mine = [one for one in servers if (one.id == str(wanted) if wanted else address in one.addresses)]
    if len(mine) != 1:
        raise NoAnswer("unreadable", f"{len(mine)} servers of the project are {wanted or address}: a person must look")
    return mine[0]


@dataclass(frozen=True, slots=True)
class HetznerDisks:
    api: Api

    async def servers(self) -> tuple[Server, ...]:
        return (await Hetzner(self.api).snapshot()).servers

    async def named(self, name: str) -> Volume | None:
        body = (await self.api.get(orders.by_name(name))).body
        mine = [one for one in _read(lambda: orders.read_list(body)) if one.name == name]
        if len(mine) > 1:
            raise NoAnswer("unreadable", f"{len(mine)} volumes are named {name}: a person must look")
        return mine[0] if mine else None

    async def volume(self, identity: str) -> Volume | None:
        reply = await self.api.get(orders.by_id(identity), absent_ok=True)
        return None if reply.status == 404 else _read(lambda: orders.read_one(reply.body))

    async def make(self, name: str, gigabytes: int, server: str) -> str:
        body = (await self.api.send("POST", *orders.create(name, gigabytes, server))).body
        return _read(lambda: orders.read_one(body)).id

    async def protect(self, volume: str) -> None:
        await self.api.send("POST", *orders.protect(volume))

    async def attach(self, volume: str, server: str) -> None:
        await self.api.send("POST", *orders.attach(volume, server))

    async def detach(self, volume: str) -> None:
        await self.api.send("POST", *orders.detach(volume))

    async def offer(self, gigabytes: int) -> str:
        reply = await self.api.get(orders.PRICES)
        return _read(lambda: orders.offer(reply.body, gigabytes))


def _read(reading: Callable[[], T]) -> T:
    try:
        return reading()
    except ValueError as error:
        raise NoAnswer("unreadable", str(error)) from error
