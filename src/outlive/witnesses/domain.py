"""Until when a domain is paid for. An expired one takes every name along, and no server tells."""

from __future__ import annotations

from dataclasses import dataclass

from outlive.clock import Clock
from outlive.model.observation import Channel, Observation, rfc3339
from outlive.transport.dns import Names
from outlive.transport.net import NoAnswer, Trust
from outlive.transport.registry import registration
from outlive.witnesses.base import Pad

FACT = "dns.domain"


@dataclass(frozen=True, slots=True)
class DomainWitness:
    """Of the domain of one name, asked of its registry: RDAP through `rdap`, else whois."""

    name: str
    names: Names
    trust: Trust
    clock: Clock
    rdap: str
    timeout_seconds: float = 10.0

    @property
    def what(self) -> str:
        return f"the registration of {self.name}"

    async def look(self) -> list[Observation]:
        try:
            found = await registration(
                self.name, self.names, self.trust, rdap=self.rdap, timeout_seconds=self.timeout_seconds
            )
        except NoAnswer as error:
            return [self._pad.no_data(FACT, error.word, error.why)]
        return [self._pad.note(FACT, {"domain": found.domain, "expires_at": rfc3339(found.expires_at)})]

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    @property
    def _pad(self) -> Pad:
        return Pad("domain", Channel.DNS, self.name, self.clock)
