"""A local state: which server it says, and where; of several providers' shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outlive.commands.tofu_state import StatedServer, read_state

CHERRY = {
    "id": "811287",
    "hostname": "web-1",
    "ip_addresses": [
        {"id": "a", "type": "primary-ip", "address": "203.0.113.9", "cidr": "203.0.113.0/24"},
        {"id": "b", "type": "private-ip", "address": "10.168.0.7", "cidr": "10.168.0.0/16"},
    ],
}
HETZNER = {"id": "4711", "ipv4_address": "203.0.113.10", "ipv6_address": "2001:db8::1", "ipv6_network": "2001:db8::"}


def state(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"version": 4, "resources": list(resources)}).encode()


def resource(kind: str, *attributes: dict[str, Any], mode: str = "managed", **more: Any) -> dict[str, Any]:
    instances = [{"attributes": one} | more for one in attributes]
    return {"mode": mode, "type": kind, "name": "web", "instances": instances}


def test_the_only_server_needs_no_name() -> None:
    key = resource("cherryservers_ssh_key", {"id": "1", "name": "key"})
    found = read_state(state(key, resource("cherryservers_server", CHERRY)), None)
    assert found == StatedServer("cherryservers_server.web", "811287", ("203.0.113.9",))


def test_several_want_one() -> None:
    both = state(resource("cherryservers_server", CHERRY), resource("hcloud_server", HETZNER))
    with pytest.raises(ValueError, match="tofu_resource"):
        read_state(both, None)
    assert read_state(both, "hcloud_server.web").addresses == ("203.0.113.10", "2001:db8::1")


def test_one_of_a_series_has_its_index() -> None:
    text = state(resource("hcloud_server", HETZNER, index_key="blue"))
    assert read_state(text, 'hcloud_server.web["blue"]').server_id == "4711"


def test_what_was_only_read_is_not_ours() -> None:
    with pytest.raises(ValueError, match="no resource with an address"):
        read_state(state(resource("hcloud_server", HETZNER, mode="data")), None)


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"version": 3}'])
def test_what_is_no_state_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        read_state(text, None)
