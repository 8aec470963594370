"""The address ledger: every address that anybody ever gave for a host, by whom, when. Pure.

All of them are asked at every look, the old ones too: on the day Outlive comes from, the good machine stood at the
address that nobody asked any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from outlive.model.observation import Channel, Observation
from outlive.model.watching import Told

CONFIG, SSH, TOFU = "outlive.toml", "ssh", "tofu state"
CI = "ci "  # `ci NAME`: the secret of that name, as a person read it
_REFRESH = timedelta(minutes=10)  # that it was told again is not written down more often
_TELLERS = {"dns.addresses": "dns", "tofu.state": TOFU, "provider.server": "provider"}


def asked(ledger: Iterable[Told]) -> dict[str, tuple[str, ...]]:
    """The addresses of each host that are to be asked."""
    found: dict[str, dict[str, None]] = {}
    for one in ledger:
        if one.is_asked:
            found.setdefault(one.host, {})[one.address] = None
    return {host: tuple(addresses) for host, addresses in found.items()}


def told_by(ledger: Iterable[Told], address: str) -> tuple[str, ...]:
    return tuple(sorted({one.told_by for one in ledger if one.address == address and one.is_asked}))


def from_observations(host: str, seen: Iterable[Observation]) -> Iterator[Told]:
    """The addresses that DNS, a state or the provider gave just now. The provider itself says whose they are."""
    for one in seen:
        teller = _TELLERS.get(one.fact)
        if teller is None or one.error is not None:
            continue
        if teller == "provider":
            host = one.subject
            if host == "project":
                continue
        by = f"{teller} {one.subject}" if teller == "dns" else teller
        listed = one.value if isinstance(one.value, list) else one.value.get("addresses", ())
        for address in listed:
            yield Told(host, str(address), by, one.at, one.at)


def news(known: Iterable[Told], told: Iterable[Told]) -> list[Told]:
    """Those worth writing down: new ones, and those whose last telling is a while ago."""
    last = {(one.host, one.address, one.told_by): one.last_at for one in known}
    found: dict[tuple[str, str, str], Told] = {}
    for one in told:
        which = (one.host, one.address, one.told_by)
        if which not in last or one.last_at - last[which] >= _REFRESH:
            found[which] = one
    return list(found.values())


def testimony(ledger: Iterable[Told]) -> Iterator[Observation]:
    """What people said, for the judge; what DNS, states and providers said is among their own observations."""
    for one in ledger:
        if not one.is_asked or one.told_by.startswith(("dns ", "provider")) or one.told_by in (TOFU, SSH):
            continue
        if one.told_by.startswith(CI):
            value: dict[str, Any] = {"name": one.told_by.removeprefix(CI), "address": one.address}
            yield Observation(one.last_at, "ledger", Channel.PERSON, one.host, "ci.secret", value, one.told_by)
        else:
            value = {"what": "address told", "detail": {"address": one.address, "by": one.told_by}}
            yield Observation(one.first_at, "ledger", Channel.PERSON, one.host, "action", value, one.told_by)


def at(host: str, address: str, by: str, now: datetime) -> Told:
    """Told just now."""
    return Told(host, address, by, now, now)
