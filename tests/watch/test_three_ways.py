"""State, API and machine side by side: the row where they part."""

from __future__ import annotations

from typing import Any

from outlive.model.observation import Channel, Observation
from outlive.model.verdict import Address
from outlive.watch.three_ways import Row, rows
from tests.watch.made import A, B, inside, seen


def told(fact: str, value: dict[str, Any]) -> Observation:
    return seen(fact, value, "web-1", channel=Channel.PROVIDER)


def state(address: str = A, identity: str = "1") -> Observation:
    return told("tofu.state", {"server_id": identity, "addresses": [address]})


def api(address: str = A, identity: str = "1", **more: str) -> Observation:
    value = {"id": identity, "addresses": [address], "hostname": "web-1", "state": "active", "power": "on"}
    return told("provider.server", value | more)


def parting(*found: Observation, at: str | None = A) -> list[str]:
    answering = [Address(at, ("dns",), "web-1")] if at else []
    return [row.attribute for row in rows(["web-1"], found, answering) if row.parts]


def test_all_three_agree() -> None:
    assert parting(state(), api(), inside("guest.hostname", "web-1")) == []


def test_the_machine_parts_from_both_documents() -> None:
    assert parting(state(), api(), at=B) == ["address"]


def test_the_state_is_older_than_the_api() -> None:
    assert parting(state(identity="0"), api()) == ["server id"]
    assert parting(state(address=B), api()) == ["address"]


def test_a_machine_with_another_name_and_one_that_runs_although_it_should_not() -> None:
    assert parting(api(state="inactive", power="off"), inside("guest.hostname", "fresh")) == ["hostname", "running"]


def test_who_says_nothing_parts_from_nobody() -> None:
    assert parting(api(state="inactive"), at=None) == []
    assert parting(state(), told("provider.server", {"error": "timeout"})) == []
    assert rows(["web-1"], [], [Address(A, (), "web-1")]) == []


def test_more_addresses_than_the_other_knows_is_no_parting() -> None:
    assert not Row("web-1", "address", (A,), (A, B), (B, A)).parts


def test_names_and_another_way_in_are_no_alarm_and_a_stranger_is() -> None:
    elsewhere = [Address("10.0.0.5", ("ssh",), "web-1")]
    quiet = rows(["web-1"], [state(), api(), inside("guest.hostname", "WEB-1.example.com", "10.0.0.5")], elsewhere)
    assert [row.attribute for row in quiet if row.parts] == ["address"]
    assert not any(row.is_alarm for row in quiet)
    stranger = rows(["web-1"], [state(), api()], [*elsewhere, Address(A, ("tofu",), "unknown")])
    assert [row.attribute for row in stranger if row.is_alarm] == ["address"]
    assert [row.attribute for row in rows(["web-1"], [state(B), api()], []) if row.is_alarm] == ["address"]
