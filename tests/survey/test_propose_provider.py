"""Whose server a host is."""

from __future__ import annotations

import json

import pytest

from outlive.model.host import Host
from outlive.survey.propose_provider import owned_by, public, stated

HOST = Host(name="web-1", address="ssh://root@203.0.113.9:22")


def state(kind: str = "cherryservers_server", address: str = "203.0.113.9", name: str = "web") -> bytes:
    one = {"attributes": {"id": "811287", "ipv4_address": address}}
    return json.dumps(
        {"version": 4, "resources": [{"mode": "managed", "type": kind, "name": name, "instances": [one]}]}
    ).encode()


@pytest.mark.parametrize(
    ("kind", "provider"),
    [("cherryservers_server", "cherryservers"), ("hcloud_server", "hetzner"), ("aws_instance", "")],
)
def test_the_provider_is_known_by_the_kind_of_resource(kind: str, provider: str) -> None:
    found = stated([("infra/terraform.tfstate", state(kind))], ["203.0.113.9"])
    assert found and found.kind == provider
    known = found.known(HOST)
    assert (known.tofu_state, known.tofu_resource, known.server_id) == (
        "infra/terraform.tfstate",
        f"{kind}.web",
        "811287",
    )


@pytest.mark.parametrize(
    "files",
    [
        [],
        [("a", state(address="198.51.100.3"))],
        [("a", state()), ("b", state(name="other"))],
        [("a", b"")],
        [("a", b"{")],
        [("a", b'{"version": 4, "resources": [3]}')],
        [("a", b'{"version": 4, "resources": null}')],
    ],
)
def test_what_is_not_sure_is_not_said(files: list[tuple[str, bytes]]) -> None:
    assert stated(files, ["203.0.113.9"]) is None


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["UAB Cherry Servers"], "cherryservers"),
        (["LT-CHERRYSERVERS-20140520", "Abuse"], "cherryservers"),
        (["HETZNER-fsn1-dc1", "Hetzner Online GmbH"], "hetzner"),
        (["Example Hosting Ltd"], ""),
        (["Hetzner Online GmbH", "Cherry Servers"], ""),
        ([], ""),
    ],
)
def test_the_provider_is_known_by_the_name_of_who_has_the_address(names: list[str], kind: str) -> None:
    assert owned_by(names) == kind


def test_of_private_addresses_no_registry_is_asked() -> None:
    assert public(["127.0.0.1", "10.0.0.3", "172.30.9.1", "fd00::1", "203.0.113.9", "9.9.9.9"]) == ["9.9.9.9"]
