"""What a subject names: an address, a name, or a URL with one of them in it. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
_MANY = 1 << 16


@lru_cache(_MANY)
def bare(text: str) -> str:
    """The address or name in `text`, without scheme, user, port and path: `ssh://root@[2001:db8::1]:22` is
    `2001:db8::1`, `https://Shop.example.org/a` is `shop.example.org`. Addresses come in their usual form."""
    return _parts(text)[0]


@lru_cache(_MANY)
def address(text: str) -> str | None:
    """The IP address that `text` names, or None when it names something else."""
    return _ip(bare(text))


@lru_cache(_MANY)
def address_and_port(text: str) -> str | None:
    """`192.0.2.7:2222` where a login at another port than 22 is named: behind one address there can be several
    machines. None for URLs, whose port says nothing about the machine, and where no port is given."""
    host, port = _parts(text)
    named_by_login = "://" not in text or text.startswith("ssh://")
    if _ip(host) is None or port in (None, 22) or not named_by_login:
        return None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def addresses_in(text: str) -> tuple[str, ...]:
    """The IPv4 addresses that somebody's sentence mentions."""
    return tuple(dict.fromkeys(found for found in map(_ip, _IPV4.findall(text)) if found))


def _parts(text: str) -> tuple[str, int | None]:
    text = text.strip()
    if _ip(text):
        return _ip(text) or text, None
    try:
        split = urlsplit(text if "://" in text else f"//{text}")
        host, port = split.hostname or text, split.port
    except ValueError:
        return text.lower(), None
    host = host.rstrip(".")
    return _ip(host) or host, port


def _ip(text: str) -> str | None:
    try:
        return ip_address(text).compressed
    except ValueError:
        return None
