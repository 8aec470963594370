"""CherryServers, asked through its API (research/incident-and-provider.md 2): two kinds of question, nothing else.

The list comes in pages, with the number of all in a header. A list that does not add up is no data: half a list would look
like servers that are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from outlive.model.project import Server, Snapshot
from outlive.providers.cherry_documents import read_credit_hours, read_ids, read_servers
from outlive.transport.api import Api
from outlive.transport.net import NoAnswer

BASE = "https://api.cherryservers.com/v1"
PAGE = 100
MOST_PAGES = 100


@dataclass(slots=True)
class Cherry:
    """One project. `team` is whose credit pays for it; None: the only one that the token sees."""

    api: Api
    project: str
    team: str | None = None

    async def snapshot(self) -> Snapshot:
        """Raises `NoAnswer`. That the credit could not be read (a token may not be let see it) leaves the servers."""
        servers = await self._servers()
        try:
            hours = read_credit_hours((await self.api.get("/teams?limit=100")).body, self.team)
        except (NoAnswer, ValueError) as error:
            return Snapshot(servers, None, error.why if isinstance(error, NoAnswer) else str(error))
        return Snapshot(servers, hours)

    async def _servers(self) -> tuple[Server, ...]:
        found: dict[str, Server] = {}
        came = 0
        for _ in range(MOST_PAGES):
            path = f"/projects/{quote(self.project, safe='')}/servers?fields=all,power&limit={PAGE}&offset={came}"
            reply = await self.api.get(path)
            try:
                page = read_servers(reply.body)
                total = _total(reply.headers)
            except ValueError as error:
                raise NoAnswer("unreadable", f"the list of servers: {error}") from error
            came += len(page)
            found |= {one.id: one for one in page}
            if came >= total if total is not None else len(page) < PAGE:
                return _whole(found, came)
            if not page:
                break
        raise NoAnswer("truncated", f"the list of servers ends after {came}, and there should be more")


async def projects(api: Api) -> tuple[str, ...]:
    """The ids of all that the token sees. Raises `NoAnswer`."""
    found: list[str] = []
    try:
        for team in read_ids((await api.get("/teams?limit=100")).body, "teams"):
            found += read_ids((await api.get(f"/teams/{quote(team, safe='')}/projects?limit=100")).body, "projects")
    except ValueError as error:
        raise NoAnswer("unreadable", str(error)) from error
    return tuple(found)


def _total(headers: Mapping[str, str]) -> int | None:
    said = headers.get("x-total-count")
    if said is None:
        return None
    if not (said.isascii() and said.isdigit()) or len(said) > 9:
        raise ValueError("X-Total-Count is no number")
    return int(said)


def _whole(found: dict[str, Server], came: int) -> tuple[Server, ...]:
    if len(found) != came:
        raise NoAnswer("truncated", "the list of servers changed while it was read: a server came twice")
    return tuple(found[one] for one in sorted(found))
