"""Where a name leads, by every server that answers for it: no cache in between, and a server that lies or lags is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
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
        seen = list(self._told(dict(zip(authorities, answers, strict=True))))
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

    def _told(self, answers: dict[Authority, Records | NoAnswer]) -> Iterator[Observation]:
        """One observation for each different answer, naming who gave it; an error only when nobody answered."""
        said: dict[Records, list[str]] = {}
        silent: list[NoAnswer] = []
        for authority, answer in answers.items():
            if isinstance(answer, NoAnswer):
                silent.append(answer)
                where = {"server": authority.name, "address": authority.address}
                yield self._pad.no_data("dns.authority", answer.word, answer.why, **where)
            else:
                said.setdefault(answer, []).append(f"{authority.name} ({authority.address})")
        for records, servers in said.items():
            source = ", ".join(servers)
            yield self._pad.note(FACT, list(records.addresses), source=source)
            if records.alias:
                yield self._pad.note("dns.alias", records.alias, source=source)
        if not said:
            yield self._pad.no_data(FACT, silent[0].word, silent[0].why)
