"""A machine that runs out of something is told of in time, and one that does not is left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from outlive.model.observation import Channel, Observation, rfc3339
from outlive.verdict.judging import Judging
from tests.verdict.scenes import HOME, NOW, enrolled, look, saw, verdict

GB = 10**9


def seen(fact: str, value: Any, ago: float = 0) -> Observation:
    return saw(fact, value, HOME, ago, channel=Channel.INSIDE, witness="capacity")


def told(*more: Observation) -> str:
    found = verdict(enrolled(), look(), *more, settings=Judging())
    assert found.name == "same_machine_ok"
    return " ".join(found.advice)


def disk(free: float, ago: float = 0, **more: Any) -> Observation:
    return seen("host.disk", {"mount": "/", "total_bytes": 40 * GB, "free_bytes": free * GB} | more, ago)


def test_a_disk_that_will_be_full_is_told_with_the_time_that_is_left() -> None:
    assert "it is full in 10 h" in told(*(disk(10 + ago, ago * 3600) for ago in range(12, -1, -1)))
    assert told(*(disk(30 + ago / 100, ago * 3600) for ago in range(12, -1, -1))) == "", "in months"
    assert told(disk(20)) == ""


def test_a_disk_that_is_full_needs_no_trend() -> None:
    assert "3 GB of 40 GB are left on /; look at logs" in told(disk(3))
    assert "as good as full" in told(disk(1))
    assert "only 4 % of the inodes of /" in told(disk(20, free_inodes_percent=4))


def memory(free: float, **more: Any) -> Observation:
    return seen("host.memory", {"total_bytes": 2 * GB, "available_bytes": free * GB} | more)


def test_memory() -> None:
    assert "no swap: the kernel will kill" in told(memory(0.1))
    assert told(memory(0.1, swap_bytes=2 * GB, free_swap_bytes=GB)) == ""
    assert "swap is used up" in told(memory(0.1, swap_bytes=2 * GB, free_swap_bytes=GB // 10))
    assert "waited for memory 30 %" in told(memory(1, pressure_percent=30))
    assert told(memory(1, pressure_percent=2)) == ""


def test_kills_for_memory_count_only_when_they_are_new() -> None:
    assert told(seen("host.oom_kills", 9)) == ""
    assert "killed 2 processes" in told(seen("host.oom_kills", 7, ago=600), seen("host.oom_kills", 9))
    assert (
        told(seen("host.oom_kills", 7, ago=9000), seen("host.oom_kills", 9, ago=8000), seen("host.oom_kills", 9)) == ""
    )
    assert told(seen("host.oom_kills", 9, ago=600), seen("host.oom_kills", 0)) == "", "it was booted"


def test_open_files() -> None:
    assert "900 of 1000 open files" in told(seen("host.open_files", {"open": 900, "most": 1000}))
    assert told(seen("host.open_files", {"open": 100, "most": 1000})) == ""


def leaf(left: timedelta, life: timedelta = timedelta(days=90)) -> Observation:
    ends = NOW + left
    value = {
        "names": ["shop.example.org"],
        "not_before": rfc3339(ends - life),
        "not_after": rfc3339(ends),
        "valid": True,
    }
    return saw("tls.leaf", value)


def test_certificates() -> None:
    assert "the certificate of shop.example.org ends in 8 d" in told(leaf(timedelta(days=8, hours=1)))
    assert told(leaf(timedelta(days=20))) == ""
    assert told(leaf(timedelta(hours=8), timedelta(hours=12))) == "", "one that lives for hours is renewed within hours"
    assert "ends in 2 h" in told(leaf(timedelta(hours=2, minutes=1), timedelta(hours=12)))


@pytest.mark.parametrize("fact", ["host.disk", "host.memory", "host.oom_kills", "host.open_files", "tls.leaf"])
@pytest.mark.parametrize(
    "value", [{}, "x", [], {"mount": 3, "total_bytes": 0, "free_bytes": "x", "not_after": 7, "most": 0}]
)
def test_nonsense_is_nothing(fact: str, value: Any) -> None:
    assert told(seen(fact, value)) == ""


def domain(days: float, name: str = "shop.example.org", ago: float = 0) -> Observation:
    value = {"domain": "example.org", "expires_at": rfc3339(NOW + timedelta(days=days))}
    return saw("dns.domain", value, name, ago, witness="domain")


def test_a_domain_that_runs_out_is_told_once_and_only_of_its_own_names() -> None:
    leads = saw("dns.addresses", [HOME], "shop.example.org", witness="dns ns1")
    assert told(leads, domain(20), domain(20, ago=60)).count("the domain example.org ends in") == 1
    assert "renew it today" in told(leads, domain(-1))
    assert told(leads, domain(60)) == "" and told(leads, domain(9, ago=60), domain(300)) == "", "it was renewed"
    assert told(leads, domain(2, "other.example.net")) == ""
    assert told(leads, domain(2, ago=4 * 86400)) == "", "too old to be true"
    error = saw("dns.domain", {"error": "timeout"}, "shop.example.org", witness="domain")
    assert told(leads, error) == "" and "ends in" in told(leads, domain(9, ago=600), error)


@pytest.mark.parametrize("value", [7, {}, {"domain": 3, "expires_at": "soon"}, {"domain": [], "expires_at": None}])
def test_nonsense_about_a_domain(value: Any) -> None:
    leads = saw("dns.addresses", [HOME], "shop.example.org", witness="dns ns1")
    assert told(leads, saw("dns.domain", value, "shop.example.org", witness="domain")) == ""


def test_credit_that_runs_out_is_told_of_the_hosts_at_that_provider() -> None:
    server = saw("provider.server", {"id": "1", "hostname": "web-1", "addresses": [HOME], "state": "active"}, "web-1")
    assert "lasts 1.0 days" in told(server, saw("provider.credit_hours", 24, "project"))
    assert told(server, saw("provider.credit_hours", 24 * 30, "project")) == ""
    assert told(saw("provider.credit_hours", 24, "project")) == ""
