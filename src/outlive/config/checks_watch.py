"""What has to be true of the things that are looked at: URLs, names, addresses. PURE."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from outlive.config.errors import Problem, Where
from outlive.config.schema import Document
from outlive.model.host import Host
from outlive.model.journal import Journal
from outlive.model.log_file import LogFile

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_UNIT = re.compile(r"[A-Za-z0-9_@:.\\-]+\.[a-z]+")
_NAME = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}", re.IGNORECASE)


def problems(document: Document) -> Iterator[Problem]:
    """In no order."""
    for index, host in enumerate(document.hosts):
        yield from _host(("hosts", index), host)
    for canary in document.watch.canaries:
        if not (is_url(canary) or _is_address_and_port(canary)):
            cure = 'Write "address:port", such as "192.0.2.1:53", or a URL.'
            yield Problem(("watch", "canaries"), f'"{canary}" is no place.', cure)
    for resolver in document.watch.resolvers:
        if not _is_address(resolver):
            cure = "Write its address: a name would have to be resolved first."
            yield Problem(("watch", "resolvers"), f'"{resolver}" is no address.', cure)
    if not is_url(document.watch.rdap):
        yield Problem(("watch", "rdap"), "it is no URL.", 'Write it in full: "https://rdap.org".')


def _host(place: Where, host: Host) -> Iterator[Problem]:
    for url in host.urls:
        yield from _url((*place, "urls"), url)
    for index, check in enumerate(host.checks):
        where = (*place, "checks", index)
        yield from _url((*where, "url"), check.url)
        for path, value in check.json.items():
            if not isinstance(value, str | int | float | bool):
                yield Problem((*where, "json"), f"{path} is no plain value.", "Compare with a text, a number, or true.")
    yield from _log_files((*place, "log_files"), host.log_files)
    yield from _journals((*place, "journals"), host.journals)
    for name in host.names:
        if not _NAME.fullmatch(name) or _is_address(name):
            cure = 'Write a DNS name, such as "shop.example.com", without scheme and path.'
            yield Problem((*place, "names"), f'"{name}" is no name.', cure)
    for address in host.addresses:
        if not _is_address(address):
            yield Problem(
                (*place, "addresses"), f'"{address}" is no address.', "Write IP addresses; names go to `names`."
            )
    if host.tofu_resource and not host.tofu_state:
        yield Problem((*place, "tofu_resource"), "no state is named.", 'Add tofu_state = "terraform.tfstate".')


def _log_files(place: Where, logs: Sequence[LogFile]) -> Iterator[Problem]:
    told: set[tuple[str, str]] = set()
    for index, one in enumerate(logs):
        where, at = (*place, index, "path"), PurePosixPath(one.path)
        if not at.is_absolute() or ".." in at.parts or not at.name or not one.path.isprintable():
            yield Problem(where, f'"{one.path}" is no path.', 'Write it in full: "/var/log/nginx/error.log".')
        elif "*" in str(at.parent) or set(at.name) & set("?[\\"):
            cure = "Only the last part may hold *: name each folder in a table of its own."
            yield Problem(where, f'"{one.path}" is no pattern that is read.', cure)
        elif (said := (one.service or one.path, one.stream)) in told:
            yield Problem(
                (*place, index), f"another log is {said[1]} of {said[0]} as well.", "Give it a service of its own."
            )
        told.add((one.service or one.path, one.stream))


def _journals(place: Where, journals: Sequence[Journal]) -> Iterator[Problem]:
    services: set[str] = set()
    read: set[tuple[str, ...]] = set()
    for index, one in enumerate(journals):
        for name in (each for each in one.units if not _UNIT.fullmatch(each)):
            yield Problem((*place, index, "units"), f'"{name}" is no unit.', 'Write each in full: "ssh.service".')
        for name in (each for each in one.identifiers if not each.isprintable()):
            yield Problem(
                (*place, index, "identifiers"), f"{name!r} is no identifier.", 'Write it as syslog has it: "sshd".'
            )
        if one.service in services:
            yield Problem(
                (*place, index), f"another part is told as {one.service} as well.", "Give it a service of its own."
            )
        elif one.matches in read:
            yield Problem((*place, index), "another table reads the same lines.", "Keep one of them.")
        services.add(one.service)
        read.add(one.matches)


def _url(place: Where, url: str) -> Iterator[Problem]:
    if not is_url(url):
        yield Problem(place, f'"{url}" is no URL.', 'Write it in full: "https://shop.example.com/".')
    elif "@" in urlsplit(url).netloc:
        yield Problem(place, "it holds a login.", "Check a page that needs none: a secret has no place in this file.")


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and text.isprintable()
    except ValueError:
        return False


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_address_and_port(text: str) -> bool:
    address, _, port = text.rpartition(":")
    return _is_address(address.strip("[]")) and port.isdigit() and 0 < int(port) < 65536
