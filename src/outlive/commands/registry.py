"""What the registries say of a domain or an address: RDAP (RFC 9083) and whois, and how their answers are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from outlive.model.observation import moment

_EXPIRES = re.compile(
    r"^\s*(?:registry expiry date|registrar registration expiration date|expiry date|expiration date|expires(?: on)?|"
    r"expire|paid-till|renewal date)\s*[.:]+\s*(\S+)",
    re.IGNORECASE | re.MULTILINE,
)
_REFER = re.compile(r"^\s*(?:refer|whois)\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Registration:
    """Until when a domain is paid for."""

    domain: str
    expires_at: datetime


def candidates(name: str) -> tuple[str, ...]:
    """The domains that may be the registered one: the name itself, then its parents; how many labels a registry takes is
    told by no rule."""
    labels = name.rstrip(".").lower().split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels) - 1))


def rdap_url(base: str, domain: str) -> str:
    return f"{base.rstrip('/')}/domain/{domain}"


def read_rdap(text: bytes, domain: str) -> Registration:
    """Raises ValueError when it is no answer to the question, or names no expiration."""
    answer: Any = json.loads(text)
    events = answer.get("events") if isinstance(answer, dict) else None
    for event in events if isinstance(events, list) else ():
        if isinstance(event, dict) and event.get("eventAction") == "expiration":
            return Registration(domain, moment(str(event.get("eventDate"))))
    raise ValueError("it names no expiration")


def rdap_ip_url(base: str, address: str) -> str:
    """RFC 9082, 3.1.1."""
    return f"{base.rstrip('/')}/ip/{address}"


def read_owners(text: bytes) -> tuple[str, ...]:
    """By which names a network and those who answer for it go (RFC 9083, 5.4; RFC 7095: `fn` and `org`). Raises ValueError
    when it is no such answer."""
    answer: Any = json.loads(text)
    if not isinstance(answer, dict) or answer.get("objectClassName") != "ip network":
        raise ValueError("it is no answer about an address")
    return tuple(dict.fromkeys([*_texts([answer.get("name")]), *_contacts(answer.get("entities"))]))


def _contacts(entities: Any, depth: int = 3) -> Iterator[str]:
    for one in entities if isinstance(entities, list) and depth else ():
        if not isinstance(one, dict):
            continue
        card = one.get("vcardArray")
        properties = card[1] if isinstance(card, list) and len(card) == 2 and isinstance(card[1], list) else ()
        for line in properties:
            if isinstance(line, list) and len(line) == 4 and line[0] in ("fn", "org"):
                yield from _texts([line[3]])
        yield from _contacts(one.get("entities"), depth - 1)


def _texts(values: list[Any]) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str) and value)


def read_refer(text: str) -> str | None:
    """The whois server that IANA's sends on to."""
    found = _REFER.search(text)
    return found[1] if found else None


def read_whois(text: str, domain: str) -> Registration:
    """Registries print as they like; raises ValueError when none of the usual words is there."""
    for said in _dates(text):
        return Registration(domain, said)
    raise ValueError("it names no expiration")


def _dates(text: str) -> Iterator[datetime]:
    for found in _EXPIRES.finditer(text):
        for form in ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%d", "%d-%b-%Y", "%Y.%m.%d", "%d.%m.%Y"):
            try:
                read = datetime.strptime(found[1].replace("Z", "+0000") if "T" in found[1] else found[1], form)
            except ValueError:
                continue
            yield read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
