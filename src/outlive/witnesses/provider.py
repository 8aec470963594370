"""What the provider says of the project: every server, and how long the credit lasts. One channel, whatever it says; it
corroborates and proves nothing (research/incident-and-provider.md 4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from outlive.clock import Clock
from outlive.errors import OutliveError
from outlive.model.observation import Channel, Observation
from outlive.model.project import Server
from outlive.providers.base import Provider
from outlive.transport.net import NoAnswer
from outlive.witnesses.base import Pad

FACT, CREDIT = "provider.server", "provider.credit_hours"
PROJECT = "project"
LISTING = "provider.listing"


@dataclass(frozen=True, slots=True)
class Claim:
    """By what a host knows its server: the ids it was given; where there are none, its addresses."""

    ids: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    def holds(self, server: Server) -> bool:
        return server.id in self.ids if self.ids else bool(self.addresses & set(server.addresses))


@dataclass(slots=True)
class ProviderWitness:
    """Of one project. `open` fetches the token and may wait; it is called again when the token was refused. `claims` are
    asked for at every look, because states and people tell new ids."""

    name: str
    open: Callable[[], Provider]
    claims: Callable[[], Mapping[str, Claim]]
    clock: Clock = field(repr=False)
    _opened: Provider | None = None

    @property
    def what(self) -> str:
        return f"the provider {self.name}"

    async def look(self) -> list[Observation]:
        try:
            if self._opened is None:
                self._opened = await asyncio.to_thread(self.open)
            found = await self._opened.snapshot()
        except NoAnswer as error:
            self._opened = None if error.word == "refused_token" else self._opened
            return self._nothing(error.word, error.why)
        except OutliveError as error:
            return self._nothing("configuration", error.detail)
        claims = self.claims()
        seen = [self._pad(_whose(one, claims)).note(FACT, one.document(), source=self.name) for one in found.servers]
        pad = self._pad(PROJECT)
        if found.credit_hours is not None:
            seen.append(pad.note(CREDIT, found.credit_hours, source=self.name))
        else:
            seen.append(pad.no_data(CREDIT, "untold", found.credit_why))
        # The listing itself: so an empty project is news, and whoever is no longer in it can be told to be gone.
        return [*seen, pad.note(LISTING, {"name": self.name, "ids": [one.id for one in found.servers]})]

    def blind(self, why: str) -> list[Observation]:
        return self._nothing("timeout", why)

    def _nothing(self, word: str, why: str) -> list[Observation]:
        """Of the listing nothing: the last one that came stays what the next is compared with."""
        return [self._pad(PROJECT).no_data(FACT, word, why)]

    def _pad(self, subject: str) -> Pad:
        return Pad(f"provider {self.name}", Channel.PROVIDER, subject, self.clock)


def _whose(server: Server, claims: Mapping[str, Claim]) -> str:
    """The one host that claims it; a server that two claim is nobody's, until a person says whose."""
    hosts = [host for host, claim in claims.items() if claim.holds(server)]
    return hosts[0] if len(hosts) == 1 else PROJECT
