"""Whatever a provider sends: a snapshot, or a ValueError that says where. Never anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlive.model.project import Server
from outlive.providers import cherry_documents, hetzner, static

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
CHERRY: dict[str, Any] = {
    "id": 1,
    "hostname": "web-1",
    "state": "active",
    "ip_addresses": [{"address": "203.0.113.9", "type": "primary-ip"}],
    "ssh_keys": [{"id": 2}],
    "plan": {"slug": "vps"},
    "deployed_image": {"slug": "debian"},
}
HETZNER: dict[str, Any] = {
    "id": 42,
    "name": "web-1",
    "status": "running",
    "created": "2026-01-03T10:00:00+00:00",
    "public_net": {"ipv4": {"ip": "203.0.113.9"}, "ipv6": {"ip": "2001:db8::/64"}},
    "image": {"name": "debian-12"},
    "server_type": {"name": "cx22"},
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([*sorted(CHERRY), "created_at", "status", "power"]), JSON)
def test_any_value_anywhere_at_cherry(name: str, value: Any) -> None:
    try:
        assert isinstance(cherry_documents.read_server(CHERRY | {name: value}), Server)
    except ValueError as error:
        assert "server" in str(error)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(HETZNER)), JSON)
def test_any_value_anywhere_at_hetzner(name: str, value: Any) -> None:
    try:
        assert isinstance(hetzner.read_server(HETZNER | {name: value}), Server)
    except ValueError as error:
        assert "server" in str(error)


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_any_document(document: Any) -> None:
    for read in (
        cherry_documents.read_servers,
        hetzner.read_page,
        lambda one: cherry_documents.read_credit_hours(one, None),
    ):
        try:
            read(document)
        except ValueError:
            continue


def test_hetzner_tells_the_machines_own_address_of_its_network() -> None:
    assert hetzner.read_server(HETZNER).addresses == ("203.0.113.9", "2001:db8::1")


def test_a_file_stands_for_a_provider() -> None:
    text = (
        'credit_hours = 48\n[[servers]]\nid = 4711\nhostname = "web-1"\nstate = "active"\naddresses = ["203.0.113.9"]\n'
        "[end]\n"
    )
    found = static.read_file(text)
    assert (found.credit_hours, found.servers[0].id, found.servers[0].addresses) == (48, "4711", ("203.0.113.9",))


@pytest.mark.parametrize(
    "text",
    ["", "[servers", "servers = 3", '[[servers]]\nid = "1"', '[[servers]]\nid = "1"\nhostname = "a"\nstat = "b"'],
)
def test_a_file_that_is_wrong_is_no_data(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(?!its last line)"):
        static.read_file(f"{text}\n[end]\n")


def test_credit_is_that_of_the_named_team() -> None:
    teams = [
        {"id": one, "credit": {"resources": {"remaining": {"time": one * 10, "unit": "Hourly"}}}} for one in (1, 2)
    ]
    assert cherry_documents.read_credit_hours(teams, "2") == 20
    with pytest.raises(ValueError, match="2 teams"):
        cherry_documents.read_credit_hours(teams, None)
