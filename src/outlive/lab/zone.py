"""What the nameservers say, as RFC 1035 writes it. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outlive.lab.record import DOMAIN

TTL_SECONDS = 5


def zone(servers: Sequence[str], names: Mapping[str, str], serial: int) -> str:
    """The lab's domain: its servers' addresses, and where each name leads."""
    lines = [f"$ORIGIN {DOMAIN}.", f"$TTL {TTL_SECONDS}"]
    lines.append(f"@ IN SOA ns1.{DOMAIN}. hostmaster.{DOMAIN}. {serial} 60 60 3600 {TTL_SECONDS}")
    for number, address in enumerate(servers, 1):
        lines += [f"@ IN NS ns{number}.{DOMAIN}.", f"ns{number}.{DOMAIN}. IN A {address}"]
    lines += [f"{name}. IN A {address}" for name, address in names.items()]
    return "\n".join(lines) + "\n"
