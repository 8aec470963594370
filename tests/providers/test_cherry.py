"""CherryServers' API as it may be: the whole project, or no data with a reason. The fake is the lab's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from outlive.lab.provider.documents import Key
from outlive.lab.provider.faults import Fault
from outlive.model.project import Snapshot
from outlive.providers.cherry import Cherry, projects
from outlive.transport.net import NoAnswer
from tests.world.cloud import TOKEN, Cloud, server


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as made:
        yield made


def snapshot(client: Cherry) -> Snapshot:
    return asyncio.run(client.snapshot())


def word(client: Cherry) -> str:
    with pytest.raises(NoAnswer) as caught:
        snapshot(client)
    assert TOKEN not in str(caught.value) + repr(client)
    return caught.value.word


def test_a_server_is_read_and_its_password_is_not(cloud: Cloud) -> None:
    cloud.provider.known.keys = [Key(13247, "keeper", "ssh-ed25519 AAAA", "2026-01-01T00:00:00Z")]
    cloud.servers(server(811287, "web-1", "203.0.113.9", ssh_keys=[13247]))
    found = snapshot(cloud.client())
    assert found.credit_hours == 6586
    assert found.servers[0].document() == {
        "id": "811287",
        "hostname": "web-1",
        "state": "active",
        "status": "deployed",
        "power": "on",
        "addresses": ["203.0.113.9"],
        "created_at": "2026-01-03T10:00:00Z",
        "ssh_keys": ["13247"],
        "image": "debian_12_64bit",
        "plan": "cloud_vps_1",
    }


def test_all_pages_are_read(cloud: Cloud) -> None:
    cloud.servers(*(server(number) for number in range(1, 251)))
    assert len(snapshot(cloud.client()).servers) == 250
    assert len(cloud.heard) == 4  # three pages and the credit


def test_a_project_without_servers_is_an_answer(cloud: Cloud) -> None:
    assert snapshot(cloud.client()).servers == ()


def test_it_waits_as_long_as_it_is_told(cloud: Cloud) -> None:
    cloud.faults(Fault(status=429, headers={"Retry-After": "7"}, times=2))
    snapshot(cloud.client())
    assert cloud.waits == [7.0, 7.0]


def test_it_comes_back_later_rather_than_wait_for_ever(cloud: Cloud) -> None:
    cloud.faults(Fault(status=429, headers={"Retry-After": "3600"}))
    assert word(cloud.client()) == "rate_limited"
    assert cloud.waits == []


def test_it_takes_its_turn(cloud: Cloud) -> None:
    cloud.servers(*(server(number) for number in range(1, 251)))
    snapshot(cloud.client(every_seconds=1000.0))
    assert len(cloud.waits) == 3 and all(900 < one <= 3000 for one in cloud.waits)


def test_an_error_that_passes_is_passed_over(cloud: Cloud) -> None:
    cloud.faults(Fault(status=500, times=2))
    assert snapshot(cloud.client()).servers == ()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(status=500, times=9), "status"),
        (Fault(status=404), "status"),
        (Fault(status=429, times=9), "rate_limited"),
        (Fault(truncate=True), "truncated"),
        (Fault(drop=True), "truncated"),
        (Fault(rewrite={"state": None}), "unreadable"),
        (Fault(rewrite={"id": None}), "unreadable"),
        (Fault(rewrite={"hostname": 4}), "unreadable"),
        (Fault(rewrite={"ip_addresses": "None"}), "unreadable"),
        (Fault(rewrite={"ip_addresses": [{"type": "primary-ip", "address": "None"}]}), "unreadable"),
        (Fault(rewrite={"ssh_keys": {"a": 1}}), "unreadable"),
    ],
)
def test_a_bad_answer_is_no_data(cloud: Cloud, fault: Fault, expected: str) -> None:
    cloud.servers(server(1))
    cloud.faults(fault)
    assert word(cloud.client()) == expected


def test_a_date_that_is_none_leaves_the_server(cloud: Cloud) -> None:
    cloud.servers(server(1))
    cloud.faults(Fault(rewrite={"created_at": "None", "termination_date": "1970-01-01T00:00:00Z"}))
    assert snapshot(cloud.client()).servers[0].created_at is None


def test_one_that_never_answers_is_no_data(cloud: Cloud) -> None:
    cloud.faults(Fault(delay_seconds=0.4))
    assert word(cloud.client(timeout_seconds=0.1)) == "timeout"


def test_another_token_is_refused(cloud: Cloud) -> None:
    assert word(cloud.client("another")) == "refused_token"


@pytest.mark.parametrize("token", ["two\nlines", "acc\u00e9nt", "\u20ac"])
def test_what_is_no_token_is_not_sent(cloud: Cloud, token: str) -> None:
    assert word(cloud.client(token)) == "refused_token"
    assert cloud.heard == []


def test_the_projects_that_a_token_sees(cloud: Cloud) -> None:
    assert asyncio.run(projects(cloud.client().api)) == ("100200",)
    cloud.faults(Fault(path="/v1/teams", rewrite={"id": None}))
    with pytest.raises(NoAnswer, match="is no id"):
        asyncio.run(projects(cloud.client().api))


def test_the_token_goes_nowhere_else(cloud: Cloud) -> None:
    with Cloud() as elsewhere:
        cloud.faults(Fault(status=302, headers={"Location": f"{elsewhere.url}/projects/100200/servers"}))
        assert word(cloud.client()) == "redirect"
        assert elsewhere.heard == []


def test_credit_that_is_not_told_leaves_the_servers(cloud: Cloud) -> None:
    cloud.servers(server(1))
    cloud.faults(Fault(path="/v1/teams", status=403))
    found = snapshot(cloud.client())
    assert (len(found.servers), found.credit_hours) == (1, None)
    assert "token" in found.credit_why


def test_a_list_that_is_shorter_than_it_says_is_no_data(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.servers(server(1), server(1))
    assert word(cloud.client()) == "truncated"
