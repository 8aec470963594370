"""What the state, the provider's API and the machine itself say of a host, side by side. Pure.

Drift tools compare the state with the API, and both said "no changes" on the day of the outage: the machine is the third
(research/watch.md 4). A row is told where two that speak disagree; whoever says nothing disagrees with nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outlive.model.observation import Observation
from outlive.model.verdict import Address

STATE, API, MACHINE = "state", "api", "machine"


@dataclass(frozen=True, slots=True)
class Row:
    """What each says of `attribute`; None where it says nothing. `taken`: somebody else answers at an address that a
    document gives."""

    host: str
    attribute: str
    state: tuple[str, ...] | None
    api: tuple[str, ...] | None
    machine: tuple[str, ...] | None
    taken: bool = False

    @property
    def is_alarm(self) -> bool:
        """Names are only names. A machine that is reached by another way than its public address (a VPN) parts from the
        documents and is well; where these part, or somebody else answers there, it is not."""
        if self.attribute == "address":
            return self.taken or (self.parts and Row("", "", self.state, self.api, None).parts)
        return self.parts and self.attribute != "hostname"

    @property
    def parts(self) -> bool:
        """Whether two of them have nothing in common: a machine may have more addresses than one of them knows."""
        said = [set(one) for one in (self.state, self.api, self.machine) if one is not None]
        return self.taken or any(not left & right for left in said for right in said)

    def to_json(self) -> dict[str, Any]:
        told = {STATE: self.state, API: self.api, MACHINE: self.machine}
        listed = {name: None if one is None else list(one) for name, one in told.items()}
        return {"host": self.host, "attribute": self.attribute, "parts": self.parts, "alarm": self.is_alarm} | listed


def rows(hosts: Iterable[str], seen: Sequence[Observation], answering: Iterable[Address]) -> list[Row]:
    """Of every host of which the state or the API says anything. `seen` is one look; `answering`: who answers where."""
    at: dict[str, list[str]] = {}
    answering = list(answering)
    for one in answering:
        if one.answers_as:
            at.setdefault(one.answers_as, []).append(one.address)
    return [row for host in hosts for row in _of(host, seen, at)]


def _taken(host: str, at: Mapping[str, list[str]], *documents: Mapping[str, Any] | None) -> bool:
    given = {one for value in documents for one in _texts(value, "addresses") or ()}
    return any(given & set(addresses) for other, addresses in at.items() if other != host)


def _of(host: str, seen: Sequence[Observation], at: Mapping[str, list[str]]) -> list[Row]:
    state, api = _value(seen, "tofu.state", host), _value(seen, "provider.server", host)
    if state is None and api is None:
        return []
    where = tuple(at.get(host, ())) or None
    inside = {host, *(where or ())}
    names = [one.value for one in seen if one.fact == "guest.hostname" and one.subject in inside and one.error is None]
    return [
        Row(host, "server id", _texts(state, "server_id"), _texts(api, "id"), None),
        Row(host, "address", _texts(state, "addresses"), _texts(api, "addresses"), where, _taken(host, at, state, api)),
        Row(
            host,
            "hostname",
            None,
            _texts(api and {"hostname": _short(api.get("hostname", ""))}, "hostname"),
            tuple(sorted({_short(one) for one in names})) or None,
        ),
        Row(host, "running", None, _running(api), ("yes",) if where or names else None),
    ]


def _value(seen: Sequence[Observation], fact: str, host: str) -> Mapping[str, Any] | None:
    found = [one for one in seen if one.fact == fact and one.subject == host and one.error is None]
    return found[-1].value if found else None


def _texts(value: Mapping[str, Any] | None, key: str) -> tuple[str, ...] | None:
    said = None if value is None else value.get(key)
    if isinstance(said, list):
        return tuple(map(str, said)) or None
    return (str(said),) if said else None


def _short(hostname: Any) -> str:
    """A machine may say its name with its domain or without."""
    return str(hostname).lower().partition(".")[0]


def _running(api: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """Silence of the machine is no "no": it may be the way that is broken."""
    if api is None or not api.get("state"):
        return None
    words = {str(api[key]).lower() for key in ("state", "power") if api.get(key)}
    return ("yes",) if words <= {"active", "running", "on"} else (f"no ({', '.join(sorted(words))})",)
