"""Observations for the tests of the judge, in few words: what was seen of whom, and how many seconds ago."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from outlive.model.observation import Channel, Observation
from outlive.model.verdict import Verdict
from outlive.verdict.judge import judge
from outlive.verdict.judgement import Judgement
from outlive.verdict.judging import Judging

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
HOME, AWAY, THIRD = "192.0.2.16", "198.51.100.38", "203.0.113.9"
DAY = 86400.0
SHOP = "https://shop.example.org/"

_CHANNELS = {
    "guest.": Channel.INSIDE,
    "container": Channel.INSIDE,
    "volume.": Channel.DATA,
    "pg.": Channel.DATA,
    "provider.": Channel.PROVIDER,
    "tofu.": Channel.PROVIDER,
    "dns.": Channel.DNS,
    "log.": Channel.TELEMETRY,
    "claim": Channel.PERSON,
    "enrolled": Channel.PERSON,
    "maintenance": Channel.PERSON,
    "action": Channel.PERSON,
}


def saw(fact: str, value: Any, subject: str = HOME, ago: float = 0, **more: Any) -> Observation:
    """The channel and the witness go by the fact, unless given."""
    usual = next((known for start, known in _CHANNELS.items() if fact.startswith(start)), Channel.OUTSIDE)
    channel = more.pop("channel", usual)
    witness = more.pop("witness", fact.split(".")[0].replace("guest", "ssh"))
    return Observation(NOW - timedelta(seconds=ago), witness, channel, subject, fact, value, **more)


def identity(name: str) -> dict[str, str]:
    """What tells a machine from every other."""
    return {
        "ssh.host_key": f"SHA256:{name}",
        "guest.machine_id": f"machine-{name}",
        "guest.dmi_uuid": f"board-{name}",
        "guest.docker_engine_id": f"engine-{name}",
        "pg.system_identifier": f"cluster-{name}",
    }


def enrolled(host: str = "web-1", address: Any = HOME, ago: float = 30 * DAY, **pins: Any) -> Observation:
    """With the host's whole identity; a fact given as None is not pinned. Dots in facts are written as `__`."""
    pinned = identity(host) | {fact.replace("__", "."): value for fact, value in pins.items()}
    kept = {fact: value for fact, value in pinned.items() if value is not None}
    return saw("enrolled", ({"address": address} if address else {}) | kept, host, ago)


def look(of: str = "web-1", at: str = HOME, host: str = "web-1", ago: float = 0, **other: Any) -> list[Observation]:
    """One whole look at an address: the machine `of` answers there, and serves. A fact given as None was not seen."""
    facts = {**identity(of), "guest.boot_id": f"boot-{of}", "pg.lsn": "0/5000000", "pg.timeline": 1}
    facts |= {fact.replace("__", "."): value for fact, value in other.items() if fact != "page"}
    answer = other.get("page", 200)
    pages = [] if answer is None else [page(answer, at, ago=ago)]
    known = {fact: value for fact, value in facts.items() if value is not None}
    return [*(saw(fact, value, host if fact.startswith("pg.") else at, ago) for fact, value in known.items()), *pages]


def page(outcome: int | str, at: str | None = HOME, url: str = SHOP, ago: float = 0, **more: Any) -> Observation:
    answer = {"status": outcome, "tls_valid": True} if isinstance(outcome, int) else {"error": outcome}
    place = {"remote_address": at} if at else {}
    return saw("http.response", {"url": url, **answer, **place, **more}, url, ago)


def silence(at: str = HOME, ago: float = 0) -> list[Observation]:
    return [
        saw("ssh.host_key", {"error": "timeout"}, at, ago),
        saw("tcp.connect", {"port": 443, "error": "timeout"}, at, ago),
        page("connect_timeout", at, ago=ago),
    ]


def server(id: str = "1", addresses: Iterable[str] = (HOME,), host: str = "web-1", **more: Any) -> Observation:
    ago = more.pop("ago", 60)
    value = {"id": id, "hostname": "web-1", "state": "active", "power": "on", "addresses": list(addresses), **more}
    return saw("provider.server", value, host, ago)


Seen = Observation | Iterable[Observation]


def flat(seen: Iterable[Seen]) -> list[Observation]:
    return [one for group in seen for one in ([group] if isinstance(group, Observation) else group)]


def judged(*seen: Seen, settings: Judging | None = None) -> Judgement:
    """At NOW, as recorded evidence unless other settings are given."""
    return judge(flat(seen), now=NOW, settings=settings or Judging.recorded())


def verdict(*seen: Seen, host: str = "web-1", settings: Judging | None = None) -> Verdict:
    return next(one for one in judged(*seen, settings=settings).hosts if one.host == host)


def said(*seen: Seen, host: str = "web-1", settings: Judging | None = None) -> tuple[str, bool]:
    """The verdict's name and whether it is confirmed."""
    one = verdict(*seen, host=host, settings=settings)
    return one.name.value, one.confirmed
