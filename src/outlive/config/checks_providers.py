"""What has to be true of providers, and of stores of logs. PURE."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from outlive.config.checks_watch import is_url
from outlive.config.errors import Problem, Where
from outlive.config.schema import Document
from outlive.config.schema_watch import ProviderSettings


def problems(document: Document) -> Iterator[Problem]:
    for index, one in enumerate(document.providers):
        yield from _of(("providers", index), one)


def of_loki(document: Document) -> Iterator[Problem]:
    hosts = {one.name for one in document.hosts}
    for index, one in enumerate(document.loki):
        place: Where = ("loki", index)
        if one.host not in hosts:
            yield Problem(
                (*place, "host"), f"{one.host!r} is none of the hosts.", "Name the host whose services write there."
            )
        if not (is_url(one.url) and is_safe(one.url)):
            cure = "Write https://..., without a login in it; plain http only to a private address of your own network."
            yield Problem((*place, "url"), "logs and token would not be safe on the way there.", cure)
        if not one.query.strip().startswith("{"):
            cure = 'A plain selector, such as {app="shop", env="production"}.'
            yield Problem((*place, "query"), "no lines of a log are asked for.", cure)
        if one.user and one.token is None:
            yield Problem((*place, "user"), "no token is named.", 'Add token = { env = "NAME" }, or a file (mode 600).')


def _of(place: Where, one: ProviderSettings) -> Iterator[Problem]:
    if one.kind == "static":
        if one.file is None:
            yield Problem((*place, "kind"), "no file is named.", 'Add file = "servers.toml".')
        return
    if one.token is None:
        yield Problem((*place, "kind"), "no token is named.", 'Add token = { env = "NAME" }, or a file (mode 600).')
    if one.kind == "cherryservers" and not one.project:
        yield Problem(
            (*place, "kind"), "no project is named.", 'Add project = "100200", the number in the portal\'s URLs.'
        )
    if one.url is not None and not (is_url(one.url) and is_safe(one.url)):
        cure = "Write https://..., without a login in it; plain http only to a private address of your own network."
        yield Problem((*place, "url"), "the token would not be safe on the way there.", cure)


def is_safe(url: str) -> bool:
    """Whether a token may go there: by TLS, or within one's own network."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        return False
    try:
        return parts.scheme == "https" or ipaddress.ip_address(parts.hostname or "").is_private
    except ValueError:
        return False
