"""All observations of one judgement, in an order of their own, and how their values are read. Pure.

The order in which observations arrive means nothing, and one that arrives twice counts once: they are sorted by time,
and where times are equal by everything else. Values come from strangers: whatever they hold, reading one raises nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from outlive.model.observation import Channel, Observation, moment


class Evidence:
    """`all`: oldest first, without repetitions. `of(fact)`: those of one fact."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        groups = groupby(sorted(observations, key=_order), key=_order)
        self.all: tuple[Observation, ...] = tuple(one for _, group in groups for one in _once(list(group)))
        self._by_fact: dict[str, list[Observation]] = {}
        for one in self.all:
            self._by_fact.setdefault(one.fact, []).append(one)

    def of(self, fact: str) -> list[Observation]:
        return self._by_fact.get(fact, [])

    def subjects_of(self, prefixes: tuple[str, ...]) -> set[str]:
        """Of all facts that begin so."""
        return {one.subject for fact, seen in self._by_fact.items() if fact.startswith(prefixes) for one in seen}


def _order(one: Observation) -> tuple[datetime, str, str, str]:
    return one.at, one.subject, one.fact, one.witness


def _once(group: list[Observation]) -> Iterable[Observation]:
    """Of one witness, on one fact, at one time: each value once, in an order of its own."""
    if len(group) == 1:
        return group
    different = {(one.cluster or "", one.channel.value, str(one.value)): one for one in group}
    return (different[key] for key in sorted(different))


def field(one: Observation, key: str) -> Any:
    """One field of a value that should be an object; None when it is none or lacks it."""
    return one.value.get(key) if isinstance(one.value, dict) else None


def text(value: Any) -> str:
    """A value to compare with another: identifiers may come as numbers."""
    return value.strip() if isinstance(value, str) else str(value)


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts, from what may also be a single one, or nonsense."""
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def when(value: Any) -> datetime | None:
    """A time in a value, or None when it is none."""
    try:
        return moment(value) if isinstance(value, str) else None
    except ValueError:
        return None


Key = tuple[str, str]  # a fact, and which of several


def by_key(observations: Iterable[Observation]) -> dict[Key, list[Observation]]:
    """What was said on each thing, in the order given."""
    found: dict[Key, list[Observation]] = {}
    for one in observations:
        found.setdefault((one.fact, part(one)), []).append(one)
    return found


_PARTS = {
    "tcp.connect": "port",
    "http.response": "url",
    "volume.marker": "volume",
    "volume.created_at": "volume",
    "log.signature": "signature",
    "host.disk": "mount",
    "provider.server": "id",
    "ci.secret": "name",
    "stack.secrets": "project",
}


def part(one: Observation) -> str:
    """Which of several things of the same kind it is about: the cluster, volume, port, URL, service; "" for the only."""
    if one.fact.startswith("pg."):
        return one.cluster or ""
    if one.fact == "http.response":
        return str(field(one, "url") or one.subject)
    if one.fact == "container":
        return service(one)
    if one.fact in ("log.seen", "log.flood"):
        return f"{service(one)}/{field(one, 'stream')}"
    if one.fact == "log.leak":
        return f"{service(one)}/{field(one, 'rule')}/{field(one, 'fingerprint')}"
    if one.fact == "log.signature" and field(one, "project"):
        return f"{service(one)}/{field(one, 'signature')}"
    key = _PARTS.get(one.fact)
    named = field(one, key) if key else None
    return "" if named is None else str(named)


def service(one: Observation) -> str:
    """Of a container: `project/service`; the service alone where no project is told."""
    project, named = field(one, "project"), field(one, "service")
    return "" if named is None else f"{project}/{named}" if project else str(named)


_BY_FACT = (
    ("provider.", Channel.PROVIDER),
    ("tofu.", Channel.PROVIDER),
    ("dns.", Channel.DNS),
    ("enrolled", Channel.PERSON),
    ("claim", Channel.PERSON),
    ("action", Channel.PERSON),
    ("maintenance", Channel.PERSON),
)


def channel(one: Observation) -> Channel:
    """Which way it came. Some facts can only come one way, whatever a line says: the provider's API and OpenTofu are
    one channel, and what people assert stays an assertion."""
    for prefix, known in _BY_FACT:
        if one.fact.startswith(prefix):
            return known
    return one.channel
