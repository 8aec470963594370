"""What has to be true of the page: where it listens, and with what. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from outlive.config.errors import Problem, Where
from outlive.config.schema import Document

_TABLE: Where = ("page",)


def problems(document: Document) -> Iterator[Problem]:
    """In no order."""
    page = document.page
    host = page.listen.rpartition(":")[0].strip("[]")
    if (page.tls_certificate is None) != (page.tls_key is None):
        missing = "tls_key" if page.tls_key is None else "tls_certificate"
        yield Problem(_TABLE, f"{missing} is missing.", "Name both files, or neither.")
    if not _is_loopback(host) and page.tls_certificate is None:
        cure = 'Listen at "127.0.0.1:8722" behind a tunnel or a proxy, or name tls_certificate and tls_key.'
        yield Problem((*_TABLE, "listen"), "the password would go over the network in clear.", cure)
    if not _is_loopback(host) and not page.names:
        cure = 'Write those that browsers ask for: names = ["keeper.example.org"].'
        yield Problem((*_TABLE, "listen"), "no name leads there.", cure)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
