"""From looks at a project to what is told of them."""

from __future__ import annotations

from typing import Any

from outlive.model.observation import Channel, Observation
from outlive.watch import ledger, project_sight
from tests.watch.made import NOW, A, B, seen, settings

STACK = settings("""
[[providers]]
name = "cherry"
kind = "cherryservers"
project = "1"
token = { env = "T" }
[[hosts]]
name = "web-1"
address = "ssh://root@web-1"
server_id = "1"
[[hosts]]
name = "web-2"
address = "ssh://root@web-2"
[[hosts]]
name = "web-3"
address = "ssh://root@web-3"
""")


def told(fact: str, value: Any, subject: str = "project", ago: float = 0) -> Observation:
    return seen(fact, value, subject, channel=Channel.PROVIDER, witness="provider cherry", ago=ago)


def listed(*servers: tuple[str, str, str], ago: float = 0) -> list[Observation]:
    found = [
        told("provider.server", {"id": key, "hostname": host, "addresses": [at], "state": "active"}, host, ago)
        for key, host, at in servers
    ]
    return [*found, told("provider.listing", {"name": "cherry", "ids": [key for key, _, _ in servers]}, ago=ago)]


def kinds(before: list[Observation], now: list[Observation]) -> list[tuple[str, str, bool]]:
    found = project_sight.found_in(STACK.providers[0], before, now, NOW)
    return [(one.subject, one.value["kind"], one.value["alarm"]) for one in found]


def test_the_first_look_compares_with_nothing() -> None:
    assert kinds([], listed(("1", "web-1", A))) == []


def test_a_move_and_a_loss_are_told_of_their_hosts() -> None:
    before = listed(("1", "web-1", A), ("2", "web-2", "203.0.113.7"), ago=300)
    assert kinds(before, listed(("1", "web-1", B))) == [("web-2", "gone", True), ("web-1", "changed", True)]


def test_no_data_is_no_change() -> None:
    before = listed(("1", "web-1", A), ago=300)
    assert kinds(before, [told("provider.server", {"error": "status"})]) == []
    assert kinds([*before, told("provider.server", {"error": "status"}, ago=60)], listed(("1", "web-1", A))) == []


def test_another_provider_is_another_story() -> None:
    other = [seen("provider.listing", {"name": "x", "ids": []}, "project", witness="provider x")]
    assert kinds(other, listed(("1", "web-1", A))) == []


def test_a_server_is_known_by_what_a_person_wrote_else_by_the_state_else_by_its_address() -> None:
    present = [
        seen("tofu.state", {"server_id": "22", "addresses": [B]}, "web-2", channel=Channel.PROVIDER),
        seen("tofu.state", {"server_id": "11", "addresses": [B]}, "web-1", channel=Channel.PROVIDER),
    ]
    ours = [ledger.at("web-3", A, ledger.SSH, NOW), ledger.at("web-3", B, "provider", NOW)]
    found = project_sight.claims(STACK, present, ours)
    assert [found[name].ids for name in ("web-1", "web-2", "web-3")] == [{"1"}, {"22"}, set()]
    assert found["web-3"].addresses == {A}


def test_the_ledger_learns_addresses_of_hosts_and_not_of_strangers() -> None:
    servers = [
        told("provider.server", {"id": "1", "addresses": [A]}, "web-1"),
        told("provider.server", {"id": "9", "addresses": [B]}),
    ]
    assert [(one.host, one.address, one.told_by) for one in ledger.from_observations("", servers)] == [
        ("web-1", A, "provider")
    ]


def test_only_alarms_are_said_aloud() -> None:
    before = listed(("1", "web-1", A), ("9", "project", "203.0.113.7"), ago=300)
    found = project_sight.found_in(STACK.providers[0], before, listed(("1", "web-1", B)), NOW)
    assert len(found) == 2
    assert project_sight.alarms([*before, *found]) == {
        f"provider cherry: addresses of server 1 (web-1, {B}): {A} -> {B}",
    }
