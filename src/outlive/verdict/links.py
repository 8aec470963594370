"""Which host a DNS name belongs to. Pure.

By its own name, by what was pinned, by where it first led, by the certificate or page that a host's own address served
for it. Never by where it leads now: that is the question.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from outlive.verdict.evidence import Evidence, field, texts
from outlive.verdict.pins import Pins
from outlive.verdict.routes import Routes
from outlive.verdict.subjects import address, bare


class Links:
    """`known`: whose an address is, from everybody but DNS."""

    def __init__(self, evidence: Evidence, pins: Mapping[str, Pins], routes: Routes, known: Mapping[str, str]) -> None:
        self._pins = {host: json.dumps(one.values, default=str) for host, one in pins.items()}
        self._routes = routes
        self._known = known
        self._served = dict(_served(evidence, known))
        self._hosts_of = {name: self._link(name) for name in routes.names}
        self._names_of: dict[str, list[str]] = {}
        for name, hosts in self._hosts_of.items():
            for host in hosts:
                self._names_of.setdefault(host, []).append(name)

    def hosts_of(self, name: str) -> tuple[str, ...]:
        return self._hosts_of.get(name, ())

    def names_of(self, host: str) -> tuple[str, ...]:
        return tuple(self._names_of.get(host, ()))

    def _link(self, name: str) -> tuple[str, ...]:
        return next((tuple(sorted(found)) for found in self._candidates(name) if found), ())

    def _candidates(self, name: str) -> Iterator[set[str]]:
        yield {host for host in self._pins if name == host or name.startswith(f"{host}.")}
        yield {host for host, pinned in self._pins.items() if f'"{name}"' in pinned}
        yield next((hosts for _, answer in self._routes.ever(name) if (hosts := self._whose(answer))), set())
        yield {self._served[name]} if name in self._served else set()
        yield set(self._pins) if len(self._pins) == 1 else set()

    def _whose(self, answer: tuple[str, ...]) -> set[str]:
        return {self._known[at] for at in answer if at in self._known}


def _served(evidence: Evidence, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names with the host at whose address they were first served; oldest last, so that it wins in a dict."""
    for one in reversed(evidence.of("tls.leaf")):
        if host := known.get(address(one.subject) or ""):
            yield from ((name, host) for name in texts(field(one, "names")))
    for one in reversed(evidence.of("http.response")):
        if host := known.get(address(str(field(one, "remote_address"))) or ""):
            yield bare(str(field(one, "url") or one.subject)), host
