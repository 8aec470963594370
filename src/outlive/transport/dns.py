"""Names: where they lead as the world sees it (`resolve`), and what each authoritative server says (`authorities`, `ask`).

`/etc/hosts` is not read: what only this machine believes is nothing that a user would meet.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.resolver

from outlive.transport.net import NoAnswer

KINDS = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Authority:
    """A server that answers for a zone, under one of its addresses."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Records:
    """What one server says of a name, in order: addresses, and the name that it is an alias of (CNAME)."""

    addresses: tuple[str, ...]
    alias: str = ""


class Names:
    """Asks the `resolvers` (addresses), else those of this machine. No question takes longer than `timeout_seconds`."""

    def __init__(self, resolvers: Sequence[str] = (), timeout_seconds: float = 5.0) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not resolvers)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.asyncresolver.Resolver(configure=False)
            resolvers = ("127.0.0.1",)  # as resolv.conf(5) has it for a machine that names none
        if resolvers:
            self._resolver.nameservers = list(resolvers)
        self._resolver.lifetime = timeout_seconds
        self._timeout = timeout_seconds

    async def resolve(self, name: str) -> tuple[str, ...]:
        """The addresses of a name, IPv4 first; an address is its own. Raises `NoAnswer` (dns) when there is none."""
        if (literal := literal_address(name)) is not None:
            return (literal,)
        if name == "localhost":
            return ("127.0.0.1",)
        found: list[str] = []
        for kind in KINDS:
            found += [str(one) for one in await self._records(name, kind)]
        if not found:
            raise NoAnswer("dns", f"{name} has no address")
        return tuple(found)

    async def authorities(self, name: str) -> tuple[str, tuple[Authority, ...]]:
        """The zone that the name is in, and every address of every server that answers for it. Raises `NoAnswer`."""
        try:
            zone = await dns.asyncresolver.zone_for_name(name, resolver=self._resolver)
        except dns.exception.DNSException as error:
            raise NoAnswer("dns", f"the zone of {name}: {_said(error)}") from error
        servers = sorted(one.to_text() for one in await self._records(zone.to_text(), "NS"))
        found = [Authority(server, address) for server in servers for address in await self._reachable(server)]
        if not found:
            raise NoAnswer("dns", f"no server of {zone.to_text()} has an address")
        return zone.to_text(), tuple(found)

    async def ask(self, address: str, name: str) -> Records:
        """What the server at `address` says of the name, asked without recursion. Raises `NoAnswer`: its word is
        nxdomain, timeout, refused, servfail, ..."""
        addresses: set[str] = set()
        alias = ""
        for kind in KINDS:
            answer = await self._ask_one(address, name, kind)
            for records in answer.answer:
                if records.rdtype == dns.rdatatype.CNAME and records.name == dns.name.from_text(name):
                    alias = records[0].target.to_text()
                elif records.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
                    addresses |= {one.to_text() for one in records}
        return Records(tuple(sorted(addresses)), alias)

    async def _ask_one(self, address: str, name: str, kind: str) -> dns.message.Message:
        question = dns.message.make_query(name, kind)
        question.flags &= ~dns.flags.RD
        try:
            answer, _ = await dns.asyncquery.udp_with_fallback(question, address, timeout=self._timeout)
        except dns.exception.Timeout as error:
            raise NoAnswer("timeout", f"{address} says nothing of {name}") from error
        except (dns.exception.DNSException, OSError, EOFError) as error:
            raise NoAnswer("unreachable", f"{address}, asked for {name}: {_said(error)}") from error
        if answer.rcode() != dns.rcode.NOERROR:
            word = dns.rcode.to_text(answer.rcode()).lower()
            raise NoAnswer(word, f"{address} says {word} to {name}")
        return answer

    async def _records(self, name: str, kind: str) -> list[dns.rdata.Rdata]:
        """What the resolver says; nothing for a name that has no record of the kind. Raises `NoAnswer`."""
        try:
            return list(await self._resolver.resolve(name, kind, raise_on_no_answer=False, search=False))
        except dns.resolver.NXDOMAIN as error:
            raise NoAnswer("dns", f"there is no name {name}") from error
        except (dns.exception.DNSException, OSError) as error:
            raise NoAnswer("dns", f"{name}: {_said(error)}") from error

    async def _reachable(self, server: str) -> tuple[str, ...]:
        """The addresses of a name server; a dead one must not hide the others."""
        try:
            return await self.resolve(server)
        except NoAnswer:
            return ()


def literal_address(text: str) -> str | None:
    """`text` when it is an IP address (without the brackets of a URL), else None."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return None


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
