"""Address records of a name: what they are, what they should be, and until when somebody may still believe the old ones.
PURE. Times to live are seconds."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

KINDS = ("A", "AAAA")
TTL_SECONDS = 60  # of new records: short, so that a way back is short as well
LONGEST_TTL_SECONDS = 7 * 86400  # resolvers cap what is longer (RFC 8767, 4)


@dataclass(frozen=True, slots=True)
class Record:
    """One address of a name. `id` is the provider's; `is_proxied`: users see addresses of the provider's instead."""

    kind: str
    address: str
    ttl_seconds: int
    id: str = ""
    is_proxied: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """All address records of one name, as its authority has them; `alias` is the name that it is a CNAME of."""

    name: str
    records: tuple[Record, ...]
    alias: str = ""

    def of(self, kind: str) -> tuple[Record, ...]:
        return tuple(one for one in self.records if one.kind == kind)

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(one.address for one in self.records)

    def as_facts(self) -> list[dict[str, Any]]:
        """JSON, for `from_facts`."""
        return [
            {"kind": one.kind, "address": one.address, "ttl_seconds": one.ttl_seconds, "is_proxied": one.is_proxied}
            for one in self.records
        ]


def from_facts(name: str, facts: Iterable[Mapping[str, Any]]) -> Standing:
    return Standing(
        name,
        tuple(Record(one["kind"], one["address"], one["ttl_seconds"], "", one["is_proxied"]) for one in facts),
    )


def wanted(name: str, addresses: Sequence[str], like: Standing, ttl_seconds: int = TTL_SECONDS) -> Standing:
    """The name led to these addresses and to no others: an AAAA that goes on leading to the lost machine would keep every
    user with IPv6 away. Whether users see the provider's addresses instead stays as it was. Raises ValueError."""
    is_proxied = any(one.is_proxied for one in like.records)
    made = [(f"{'A' if ipaddress.ip_address(one).version == 4 else 'AAAA'}", one) for one in addresses]
    ordered = sorted(set(made))
    return Standing(name, tuple(Record(kind, one, ttl_seconds, "", is_proxied) for kind, one in ordered))


def believed_until(before: Standing, changed_at: datetime, negative_seconds: int = 0) -> datetime:
    """When the last resolver that asked just before the change forgets the old answer: after the old TTL (RFC 1034, 3.6),
    or, where there was no record, after the time for which "there is none" is kept (RFC 2308, 5)."""
    longest = max((0 if one.is_proxied else one.ttl_seconds for one in before.records), default=negative_seconds)
    return changed_at + timedelta(seconds=min(longest, LONGEST_TTL_SECONDS))
