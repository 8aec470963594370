"""What a plan may do beside making the machine that was named: nothing that nobody named."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

import pytest

from outlive.commands.tofu import Change, Plan
from outlive.recovery.gate import Condition
from outlive.recovery.makes import judge, judge_removal, takes
from outlive.recovery.stated import Stated, read, told

WEB, OLD = 'hcloud_server.web["b"]', "hcloud_server.old"
THERE = {"id": "7", "name": "web-1", "ipv4_address": "203.0.113.9"}


def change(address: str, *actions: str, after: dict[str, Any] | None = None) -> Change:
    return Change(address, address.partition(".")[0], actions, THERE, after or {}, frozenset())


def plan(*changes: Change) -> Plan:
    return Plan(changes, (), {}, {})


MAKES, KEEPS = change(WEB, "create"), change(OLD, "no-op")


@pytest.mark.parametrize(
    ("changes", "also", "refused"),
    [
        ((MAKES, KEEPS), (), {}),
        ((MAKES, change("hcloud_ssh_key.k", "create")), (), {"hcloud_ssh_key.k": "create"}),
        ((MAKES, change("hcloud_ssh_key.k", "create")), ("hcloud_ssh_key.k",), {}),
        ((MAKES, change("dns_record.shop", "update")), (), {"dns_record.shop": "update"}),
        ((MAKES, change("dns_record.shop", "delete")), (), {"dns_record.shop": "delete"}),
        ((MAKES, change(OLD, "delete")), (OLD,), {OLD: "delete"}),  # what holds data is not waved through by a name
        ((MAKES, change(OLD, "update")), (), {OLD: "update"}),
        ((KEEPS,), (), {WEB: "nothing"}),
        ((change(WEB, "update"),), (), {WEB: "update"}),
        ((change(WEB, "delete", "create"),), (), {WEB: "replace"}),
        ((MAKES, change("hcloud_server.old (deposed 1)", "delete")), (), {"hcloud_server.old (deposed 1)": "delete"}),
    ],
)
def test_only_the_named_machine_is_made(
    changes: tuple[Change, ...], also: tuple[str, ...], refused: dict[str, str]
) -> None:
    assert {one.address: one.action for one in judge(plan(*changes), WEB, also, "production")} == refused


def test_it_is_replaced_or_given_back_when_the_gate_is_open_and_nothing_else_is() -> None:
    shut = (Condition("named", False, "nobody named it", "name it"),)
    both = plan(change(WEB, "delete", "create"), change(OLD, "no-op"))
    assert judge(both, WEB, (), "production", lambda target: ()) == ()
    assert [one.address for one in judge(both, WEB, (), "production", lambda target: shut)] == [WEB]
    assert judge_removal(plan(change(WEB, "delete")), WEB, (), "production", lambda target: ()) == ()
    more = plan(change(WEB, "delete"), change("dns_record.shop", "delete"))
    assert [one.address for one in judge_removal(more, WEB, (), "production", lambda target: ())] == ["dns_record.shop"]


@pytest.mark.parametrize(
    "value",
    [
        "#who",
        "before\n#who\nafter",
        b64encode(b"#who").decode(),
        hashlib.sha1(b"#who").hexdigest(),
        b64encode(hashlib.sha1(b"#who").digest()).decode(),
    ],
)
def test_user_data_arrives_as_providers_keep_it(value: str) -> None:
    assert takes(plan(change(WEB, "create", after={"metadata": [{"user_data": value}]})), WEB, "#who")
    assert not takes(plan(change(WEB, "create", after={"user_data": "#other"})), WEB, "#who")
    assert not takes(plan(change(OLD, "create", after={"user_data": value})), WEB, "#who")


def test_a_machine_is_read_by_its_names_from_a_state() -> None:
    attributes = (
        b'{"id": "7", "name": "web-b", "net": [{"ip": "198.51.100.7"}], '
        b'"ip_addresses": [{"type": "private-ip", "address": "10.0.0.5"}, {"type": "primary-ip", "address": "203.0.113.9"}]}'
    )
    instance = b'{"index_key": "b", "status": "tainted", "attributes": ' + attributes + b"}"
    resource = b'{"mode": "managed", "type": "hcloud_server", "name": "web", "instances": [' + instance + b"]}"
    state = b'{"version": 4, "outputs": {"ip": {"value": "192.0.2.1"}}, "resources": [' + resource + b"]}"
    assert read(state, WEB, {}) == Stated("7", "203.0.113.9", "web-b", is_tainted=True)
    elsewhere = {"address": "net.0.ip", "hostname": "output.ip", "id": "nowhere.1"}
    assert read(state, WEB, elsewhere) == Stated("", "198.51.100.7", "192.0.2.1", is_tainted=True)
    assert read(state, OLD, {}) is None and read(b"\n", WEB, {}) is None
    assert told("address", {"net": []}, {}, "net.0.ip") == ""
    with pytest.raises(ValueError, match="format 4"):
        read(b'{"version": 4, "resources": [1]}', WEB, {})
