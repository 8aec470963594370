"""What was pinned for a host when a person enrolled it. Pure.

`enrolled` may hold any subset of the facts. A pinned value may be one, a list of alternatives (host keys of several
types), or an object by cluster or volume. The newest enrolment counts; it replaces the older ones whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlive.model.observation import Observation
from outlive.verdict.evidence import Evidence, text, texts


@dataclass(frozen=True, slots=True)
class Pins:
    """`observation` None: nobody enrolled this host, so nothing about it can ever be confirmed."""

    host: str
    observation: Observation | None = None

    @property
    def at(self) -> datetime | None:
        return self.observation.at if self.observation else None

    @property
    def values(self) -> Mapping[str, Any]:
        return self.observation.value if self.observation and isinstance(self.observation.value, dict) else {}

    @property
    def addresses(self) -> tuple[str, ...]:
        return (*texts(self.values.get("address")), *texts(self.values.get("addresses")))

    def known(self, fact: str, part: str = "") -> tuple[Any, ...]:
        """The pinned values of a fact; several are alternatives. Empty when it was not pinned."""
        return tuple(_flatten(self.values.get(fact), part))


_DOCUMENT = {"spki", "serial", "id"}  # values that are one document: a certificate, a server


def _flatten(raw: Any, part: str) -> Iterable[Any]:
    if raw is None:
        return
    if isinstance(raw, list):
        for one in raw:
            yield from _flatten(one, part)
    elif not isinstance(raw, dict):
        yield raw
    elif "volume" in raw or "cluster" in raw:
        if part in ("", text(raw.get("volume", raw.get("cluster")))):
            yield raw.get("value", raw.get("at"))
    elif part in raw:
        yield raw[part]
    elif not _DOCUMENT & raw.keys():
        for one in raw.values() if part == "" else ():  # by cluster, volume or name; this one was not pinned
            yield from _flatten(one, part)
    else:
        yield raw


def pinned(hosts: Iterable[str], evidence: Evidence) -> dict[str, Pins]:
    """The newest enrolment of each host, where there is one."""
    newest = {one.subject: one for one in evidence.of("enrolled") if isinstance(one.value, dict)}
    return {host: Pins(host, newest.get(host)) for host in hosts}
