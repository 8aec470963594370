"""Whose server a host is."""

from __future__ import annotations

import json

import pytest

from outlive.model.host import Host
from outlive.survey.propose_provider import stated

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
    found = stated([("infra/terraform.tfstate", state(kind))], HOST)
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
    assert stated(files, HOST) is None
