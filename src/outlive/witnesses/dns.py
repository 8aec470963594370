"""Where a name leads, by every server that answers for it: no cache in between, and a server that lies or lags is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from outlive.clock import Clock
from outlive.model.observation import Channel, Observation
from outlive.transport.dns import Authority, Names, Records
from outlive.transport.net import NoAnswer
from outlive.witnesses.base import Pad

FACT = "dns.addresses"


@dataclass(frozen=True, slots=True)
class DnsWitness:
    """Of one name."""

    name: str
    names: Names
    clock: Clock

    @property
    def what(self) -> str:
        return f"the name {self.name}"

    async def look(self) -> list[Observation]:
        try:
            _, authorities = await self.names.authorities(self.name)
        except NoAnswer as error:
            return [self._pad.no_data(FACT, error.word, error.why)]
        answers = await asyncio.gather(*(self._ask(one) for one in authorities))
        seen = list(self._told(zip(authorities, answers, strict=True)))
        servers = sorted({one.name for one in authorities})
        return [*seen, self._pad.note("dns.authorities", servers)]

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    @property
    def _pad(self) -> Pad:
        return Pad("dns", Channel.DNS, self.name, self.clock)

    async def _ask(self, authority: Authority) -> Records | NoAnswer:
        """That there is no such name is an answer, too: it leads nowhere. An alias is followed as a user would."""
        try:
            records = await self.names.ask(authority.address, self.name)
            if records.alias and not records.addresses:
                return Records(tuple(sorted(await self.names.resolve(records.alias))), records.alias)
        except NoAnswer as error:
            return Records(()) if error.word == "nxdomain" else error
        return records

    def _told(self, answers: Iterable[tuple[Authority, Records | NoAnswer]]) -> Iterator[Observation]:
        """What each authority says, as a witness of its own: they may differ. An error only when nobody answered."""
        said: set[tuple[str, Records]] = set()
        silent: list[NoAnswer] = []
        for authority, answer in answers:
            pad = Pad(f"dns@{authority.name}", Channel.DNS, self.name, self.clock)
            if isinstance(answer, NoAnswer):
                silent.append(answer)
                yield pad.no_data("dns.authority", answer.word, answer.why, address=authority.address)
            elif (authority.name, answer) not in said:  # several addresses of one server that say the same
                said.add((authority.name, answer))
                yield pad.note(FACT, list(answer.addresses), source=authority.address)
                if answer.alias:
                    yield pad.note("dns.alias", answer.alias, source=authority.address)
        if not said:
            yield self._pad.no_data(FACT, silent[0].word, silent[0].why)
