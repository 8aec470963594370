"""A change of address records as RFC 2136 asks for it, signed with TSIG (RFC 8945). PURE: messages and how answers are read.

The whole change is one message with *prerequisites*: the server does all of it, and only if every record is still as it
was seen. So two who change at once cannot mix their changes, and a repeated message finds its condition broken.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update

from outlive.commands.dns_records import KINDS, Record, Standing

ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512")


@dataclass(frozen=True, slots=True)
class Key:
    """A TSIG key; `secret` is base64, as `tsig-keygen` prints it."""

    name: str
    secret: str = field(repr=False)
    algorithm: str = "hmac-sha256"

    def made(self) -> dns.tsig.Key:
        """Raises ValueError, which does not hold the secret."""
        if self.algorithm not in ALGORITHMS:
            raise ValueError(f"{self.algorithm} is none of {', '.join(ALGORITHMS)}")
        try:
            secret = base64.b64decode(self.secret.strip(), validate=True)
            return dns.tsig.Key(dns.name.from_text(self.name), secret, dns.name.from_text(self.algorithm))
        except (binascii.Error, ValueError, dns.exception.DNSException):
            raise ValueError(f"the TSIG key {self.name} is not base64") from None


def change(zone: str, before: Standing, after: Standing, key: Key) -> dns.update.UpdateMessage:
    """From `before` to `after`, in one message. Raises ValueError."""
    made = key.made()
    update = dns.update.UpdateMessage(dns.name.from_text(zone), keyring=made)
    name = dns.name.from_text(before.name)
    update.absent(name, "CNAME")
    for kind in KINDS:
        if known := [one.address for one in before.of(kind)]:
            update.present(name, kind, *known)
        else:
            update.absent(name, kind)
        if before.of(kind):
            update.delete(name, kind)
        for one in after.of(kind):
            update.add(name, one.ttl_seconds, kind, one.address)
    return update


def question(name: str, kind: str) -> dns.message.QueryMessage:
    """To the authority itself, without recursion."""
    return dns.message.make_query(dns.name.from_text(name), kind, flags=0)


def read_answer(name: str, kind: str, answer: dns.message.Message) -> tuple[tuple[Record, ...], str]:
    """The records, and the alias where there is one. Raises ValueError when it is no answer of an authority."""
    code = answer.rcode()
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise ValueError(f"it answers {dns.rcode.to_text(code)}")
    if not answer.flags & dns.flags.AA:
        raise ValueError("it is no authority for the name")
    wanted = dns.name.from_text(name)
    found: list[Record] = []
    for rrset in answer.answer:
        if rrset.name != wanted:
            continue
        if rrset.rdtype == dns.rdatatype.CNAME:
            return (), rrset[0].target.to_text(omit_final_dot=True)
        if rrset.rdtype == dns.rdatatype.from_text(kind):
            found += [Record(kind, one.address, rrset.ttl) for one in rrset]
    return tuple(sorted(found, key=lambda one: one.address)), ""


def negative_seconds(answer: dns.message.Message) -> int:
    """For how long resolvers keep "there is none", from the SOA in the answer (RFC 2308, 5); 0 when it does not tell."""
    for rrset in answer.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return int(min(rrset.ttl, rrset[0].minimum))
    return 0


def refusal(answer: dns.message.Message) -> str:
    """Why the change was not done; "" when it was."""
    code = answer.rcode()
    if code == dns.rcode.NOERROR:
        return ""
    said = {
        dns.rcode.NXRRSET: "the records are not any more as they were seen",
        dns.rcode.YXRRSET: "there are records by now that were not seen",
        dns.rcode.REFUSED: "the server refuses it: the key may not change this name",
        dns.rcode.NOTAUTH: "the server does not know the key, or is not the zone's primary",
        dns.rcode.NOTZONE: "the name is not in the zone",
        dns.rcode.NOTIMP: "the server takes no updates",
    }
    return said.get(code, f"the server answers {dns.rcode.to_text(code)}")
