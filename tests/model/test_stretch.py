"""What is seen again and again is one stretch, and everything that is news ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.model.observation import Channel, Observation
from outlive.model.stretch import GAP, Stretch, key

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)


def seen(fact: str, value: Any, seconds: float = 0, **more: Any) -> Observation:
    fields = {"witness": "w", "channel": Channel.OUTSIDE, "subject": "203.0.113.9", "source": ""} | more
    return Observation(NOON + timedelta(seconds=seconds), fact=fact, value=value, **fields)


def test_the_same_again_lengthens_it() -> None:
    stretch = Stretch.of(seen("ssh.host_key", "SHA256:a"))
    longer = stretch.with_next(seen("ssh.host_key", "SHA256:a", 30))
    assert longer is not None
    assert (longer.times, longer.first.at, longer.last.at) == (2, NOON, NOON + timedelta(seconds=30))
    assert longer.observations == (longer.first, longer.last)
    assert stretch.observations == (stretch.first,)


def test_a_time_in_which_nobody_looked_ends_it() -> None:
    stretch = Stretch.of(seen("ssh.host_key", "SHA256:a"))
    assert stretch.with_next(seen("ssh.host_key", "SHA256:a", GAP.total_seconds() + 1)) is None


@pytest.mark.parametrize(
    ("fact", "before", "after", "same"),
    [
        ("ssh.host_key", "SHA256:a", "SHA256:b", False),
        ("ssh.host_key", {"error": "timeout"}, {"error": "timeout", "why": "other words"}, True),
        ("ssh.host_key", {"error": "timeout"}, {"error": "refused"}, False),
        ("ssh.host_key", "SHA256:a", {"error": "timeout"}, False),
        ("http.response", {"url": "u", "status": 200, "seconds": 0.1}, {"url": "u", "status": 200, "seconds": 9}, True),
        ("http.response", {"url": "u", "status": 200}, {"url": "u", "status": 502}, False),
        ("guest.skew_seconds", 1, -3, True),
        ("guest.boot_time", "2026-02-06T10:20:00Z", "2026-02-06T10:20:01Z", True),
        ("guest.boot_time", "2026-02-06T10:20:00Z", "2026-02-07T10:20:01Z", False),
        ("pg.lsn", "0/16B3748", "1/0", True),
        ("pg.lsn", "1/0", "0/16B3748", False),
        ("dns.addresses", ["203.0.113.9"], ["203.0.113.10"], False),
    ],
)
def test_what_is_news_and_what_is_not(fact: str, before: Any, after: Any, same: bool) -> None:
    assert (Stretch.of(seen(fact, before)).with_next(seen(fact, after, 5)) is not None) is same


def test_several_things_of_one_kind_are_told_apart() -> None:
    ports = [seen("tcp.connect", {"port": port, "seconds": 0.1}) for port in (22, 443)]
    pages = [seen("http.response", {"url": url}) for url in ("a", "b")]
    clusters = [seen("pg.lsn", "0/1", cluster=name) for name in ("a", "b")]
    authorities = [seen("dns.addresses", [], channel=Channel.DNS, source=name) for name in ("ns1", "ns2")]
    everything = [*ports, *pages, *clusters, *authorities]
    assert len({key(one) for one in everything}) == len(everything)


def test_how_a_key_was_proven_is_not_another_thing() -> None:
    one, other = (
        seen("ssh.host_key", "SHA256:a", source=source) for source in ("a key exchange", "the kept connection")
    )
    assert key(one) == key(other)


@given(st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=30))
def test_stretches_lose_no_change(values: list[str]) -> None:
    stretches: list[Stretch] = []
    for number, value in enumerate(values):
        one = seen("ssh.host_key", value, number)
        longer = stretches[-1].with_next(one) if stretches else None
        if longer is None:
            stretches.append(Stretch.of(one))
        else:
            stretches[-1] = longer
    assert sum(stretch.times for stretch in stretches) == len(values)
    told = [stretch.first.value for stretch in stretches]
    assert told == [value for n, value in enumerate(values) if n == 0 or values[n - 1] != value]
