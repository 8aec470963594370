"""Hetzner's API as it may be: the whole project, or no data with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from outlive.lab.provider.faults import Fault
from outlive.model.project import Snapshot
from outlive.providers.hetzner import Hetzner
from outlive.transport.net import NoAnswer
from tests.world.hetzner import TOKEN, HetznerCloud, server


@pytest.fixture
def cloud() -> Iterator[HetznerCloud]:
    with HetznerCloud() as made:
        yield made


def snapshot(client: Hetzner) -> Snapshot:
    return asyncio.run(client.snapshot())


def word(client: Hetzner) -> str:
    with pytest.raises(NoAnswer) as caught:
        snapshot(client)
    assert TOKEN not in str(caught.value) + repr(client)
    return caught.value.word


def test_a_server_is_read(cloud: HetznerCloud) -> None:
    cloud.listed = [server(42, public_net={"ipv4": {"ip": "203.0.113.9"}, "ipv6": {"ip": "2001:db8::/64"}})]
    found = snapshot(cloud.client())
    assert (found.credit_hours, found.servers[0].document()) == (
        None,
        {
            "id": "42",
            "hostname": "web-42",
            "state": "running",
            "power": "running",
            "addresses": ["203.0.113.9", "2001:db8::1"],
            "created_at": "2026-01-03T10:00:00Z",
            "ssh_keys": [],
            "image": "debian-12",
            "plan": "cx22",
        },
    )


def test_all_pages_are_read(cloud: HetznerCloud) -> None:
    cloud.listed = [server(number) for number in range(1, 122)]
    assert len(snapshot(cloud.client()).servers) == 121
    assert len(cloud.heard) == 3


def test_a_project_without_servers_is_an_answer(cloud: HetznerCloud) -> None:
    assert snapshot(cloud.client()).servers == ()


def test_a_server_without_address_or_image_is_one(cloud: HetznerCloud) -> None:
    cloud.listed = [server(1, public_net={"ipv4": None, "ipv6": None}, image=None)]
    (one,) = snapshot(cloud.client()).servers
    assert (one.addresses, one.image) == ((), "")


def test_where_it_does_not_say_how_long_a_second_is_waited(cloud: HetznerCloud) -> None:
    cloud.faults = [Fault(status=429, times=2)]
    snapshot(cloud.client())
    assert cloud.waits == [1.0, 1.0]


def test_it_takes_its_turn(cloud: HetznerCloud) -> None:
    cloud.listed = [server(number) for number in range(1, 122)]
    snapshot(cloud.client(every_seconds=1000.0))
    assert len(cloud.waits) == 2 and all(900 < one <= 2000 for one in cloud.waits)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(status=500, times=9), "status"),
        (Fault(status=404), "status"),
        (Fault(status=403), "refused_token"),
        (Fault(status=429, times=9), "rate_limited"),
        (Fault(truncate=True), "truncated"),
        (Fault(rewrite={"status": None}), "unreadable"),
        (Fault(rewrite={"id": None}), "unreadable"),
        (Fault(rewrite={"name": 4}), "unreadable"),
        (Fault(rewrite={"public_net": None}), "unreadable"),
        (Fault(rewrite={"public_net": {"ipv4": {"ip": "None"}}}), "unreadable"),
        (Fault(rewrite={"image": "debian-12"}), "unreadable"),
    ],
)
def test_a_bad_answer_is_no_data(cloud: HetznerCloud, fault: Fault, expected: str) -> None:
    cloud.listed = [server(1)]
    cloud.faults = [fault]
    assert word(cloud.client()) == expected


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"total_entries": 3}, "truncated"),
        ({"total_entries": 1}, "truncated"),
        ({"last_page": None}, "unreadable"),
        ({"total_entries": "2"}, "unreadable"),
        ({"last_page": True}, "unreadable"),
        ({"last_page": 10**6}, "truncated"),
    ],
)
def test_a_list_that_is_not_what_it_says_is_no_data(cloud: HetznerCloud, meta: dict[str, Any], expected: str) -> None:
    cloud.listed = [server(1), server(2)]
    cloud.meta = meta
    assert word(cloud.client()) == expected


def test_a_server_that_is_listed_twice_is_no_data(cloud: HetznerCloud) -> None:
    cloud.listed = [server(1), server(1)]
    assert word(cloud.client()) == "truncated"


def test_another_token_is_refused(cloud: HetznerCloud) -> None:
    assert word(cloud.client("another")) == "refused_token"


def test_the_token_goes_nowhere_else(cloud: HetznerCloud) -> None:
    with HetznerCloud() as elsewhere:
        cloud.faults = [Fault(status=302, headers={"Location": f"{elsewhere.url}/servers"})]
        assert word(cloud.client()) == "redirect"
        assert elsewhere.heard == []
