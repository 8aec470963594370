"""What has to be true of the page: where it listens, and with what. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from outlive.config.errors import Problem, Where
from outlive.config.schema import Document
from outlive.config.schema_people import OidcPerson, OidcSettings

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
    if page.oidc is not None:
        yield from _oidc(page.oidc, page.names)


def _oidc(oidc: OidcSettings, names: tuple[str, ...]) -> Iterator[Problem]:
    where = (*_TABLE, "oidc")
    for key, place in (("issuer", oidc.issuer), ("url", oidc.url)):
        yield from _place((*where, key), place)
    host = urlsplit(oidc.url).hostname or ""
    if host not in names and not _is_loopback(host):
        yield Problem((*where, "url"), f"{host} is no name of the page.", f'Add it: names = ["{host}"].')
    if "openid" not in oidc.scopes:
        yield Problem((*where, "scopes"), "openid is missing.", 'Write at least scopes = ["openid"].')
    for number, person in enumerate(oidc.people):
        if len(_told(person)) != 1:
            cure = "Write exactly one of subject, email, group; another person is another [[page.oidc.people]]."
            yield Problem((*where, "people", number), "it does not name one person or group.", cure)


def _place(where: Where, place: str) -> Iterator[Problem]:
    try:
        url = urlsplit(place)
        port_is_right = url.port is None or url.port > 0
    except ValueError:
        port_is_right = False
    if not port_is_right or url.scheme not in ("http", "https") or not url.hostname:
        yield Problem(where, "it is no URL.", 'Write it in full, such as "https://login.example.org".')
    elif url.scheme == "http" and not _is_loopback(url.hostname):
        yield Problem(where, "a sign-in would go over the network in clear.", "Use https; http is for loopback only.")
    elif url.username or url.password or url.query or url.fragment:
        yield Problem(where, "it holds more than a place.", "Leave out the login, what follows '?', and '#'.")


def _told(person: OidcPerson) -> list[str]:
    return [one for one in (person.subject, person.email, person.group) if one]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
