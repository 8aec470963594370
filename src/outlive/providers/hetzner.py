"""Hetzner Cloud, asked through the same door as the others: one kind of question (docs.hetzner.cloud, "Get all servers").
Its own package would follow redirects, and asks in a thread that cannot be cancelled; forty lines do without it.

A token belongs to one project and may be made read-only. There is no credit: one pays afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from outlive.model.project import Server, Snapshot
from outlive.providers.reading import addresses, date, identity, rows, table, text, text_or_nothing
from outlive.transport.api import Api
from outlive.transport.net import NoAnswer

BASE = "https://api.hetzner.cloud/v1"
MOST_PAGES = 200


@dataclass(slots=True)
class Hetzner:
    api: Api

    async def snapshot(self) -> Snapshot:
        """Raises `NoAnswer`."""
        found: dict[str, Server] = {}
        came = 0
        for page in range(1, MOST_PAGES + 1):
            body = (await self.api.get(f"/servers?per_page=50&sort=id:asc&page={page}")).body
            try:
                servers, last, total = read_page(body)
            except ValueError as error:
                raise NoAnswer("unreadable", f"the list of servers: {error}") from error
            came += len(servers)
            found |= {one.id: one for one in servers}
            if page >= last:
                if not len(found) == came == total:
                    raise NoAnswer("truncated", f"the list of servers names {total}, and {len(found)} came")
                return Snapshot(tuple(found[one] for one in sorted(found)), None, "Hetzner bills afterwards")
        raise NoAnswer("truncated", f"the list of servers has more than {MOST_PAGES} pages")


def read_page(body: Any) -> tuple[list[Server], int, int]:
    """The servers, the number of the last page, and of all servers. Raises ValueError."""
    page = table(body, "the answer")
    numbers = table(table(page.get("meta"), "meta").get("pagination"), "meta.pagination")
    last, total = (_count(numbers.get(name), f"meta.pagination.{name}") for name in ("last_page", "total_entries"))
    listed = rows(page.get("servers"), "servers")
    return [read_server(one, f"servers[{index}]") for index, one in enumerate(listed)], last, total


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{where} is no whole number")
    return value


def read_server(document: dict[str, Any], where: str = "server") -> Server:
    """Raises ValueError. `status` is the power as well: "off" is a server that was switched off. Which keys it was made
    with, the API does not tell."""
    image, kind = document.get("image"), document.get("server_type")
    state = text(document.get("status"), f"{where}.status")
    return Server(
        id=identity(document.get("id"), f"{where}.id"),
        hostname=text(document.get("name"), f"{where}.name"),
        state=state,
        power=state if state in ("off", "running") else "",
        addresses=addresses(_public(document, where), f"{where}.public_net"),
        image=text_or_nothing(table(image, f"{where}.image").get("name"), f"{where}.image.name") if image else "",
        plan=text_or_nothing(table(kind, f"{where}.server_type").get("name"), f"{where}.server_type.name")
        if kind
        else "",
        created_at=date(document.get("created")),
    )


def _public(document: dict[str, Any], where: str) -> Iterator[str]:
    net = table(document.get("public_net"), f"{where}.public_net")
    for family in ("ipv4", "ipv6"):
        if net.get(family):  # null: it has none
            given = text(
                table(net[family], f"{where}.public_net.{family}").get("ip"), f"{where}.public_net.{family}.ip"
            )
            network, slash, _ = given.partition("/")
            yield (
                f"{network}1" if slash and network.endswith("::") else network
            )  # ipv6 is told as a /64; the machine is ::1
