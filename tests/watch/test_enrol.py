"""Who is pinned, what counts as another, and what a declared change explains."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.watch import enrol
from tests.watch.made import A, B, inside, seen

LOOK = [
    seen("ssh.host_key", "SHA256:a"),
    inside("guest.machine_id", "m1"),
    inside("guest.boot_id", "boot"),
    inside("guest.dmi_uuid", "d1"),
    inside("guest.hostname", "web-1"),
    inside("volume.created_at", {"volume": "data", "at": "2026-01-01T00:00:00Z"}),
    seen("ssh.host_key", "SHA256:other", B),
]
PINNED = {
    "ssh.host_key": "SHA256:a",
    "guest.machine_id": "m1",
    "guest.dmi_uuid": "d1",
    "guest.hostname": "web-1",
    "volume.created_at": {"data": "2026-01-01T00:00:00Z"},
}


def test_what_was_seen_at_one_address_is_pinned_and_no_boot() -> None:
    assert enrol.identity(LOOK, A) == PINNED


def test_who_lets_nobody_in_cannot_be_pinned() -> None:
    assert enrol.identity(LOOK, B) == {}


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        ({}, []),
        ({"guest.hostname": "renamed"}, []),
        ({"ssh.host_key": "SHA256:b"}, ["ssh.host_key"]),
        ({"guest.machine_id": "m2", "guest.dmi_uuid": "d2"}, ["guest.machine_id", "guest.dmi_uuid"]),
        ({"volume.created_at": {"data": "2026-02-07T00:00:00Z"}}, ["volume.created_at"]),
        ({"volume.created_at": {"more": "2026-02-07T00:00:00Z"}}, []),
        ({"guest.docker_engine_id": "new"}, []),
    ],
)
def test_what_counts_as_another(now: dict[str, Any], changed: list[str]) -> None:
    assert [one.fact for one in enrol.changes(PINNED, PINNED | now)] == changed


def test_one_of_several_pinned_keys_is_the_same() -> None:
    assert enrol.changes({"ssh.host_key": ["SHA256:a", "SHA256:b"]}, {"ssh.host_key": "SHA256:b"}) == []


@pytest.mark.parametrize(
    ("expect", "facts", "accepted"),
    [
        ("reinstall", ["ssh.host_key", "guest.machine_id", "pg.system_identifier"], True),
        ("reinstall", ["ssh.host_key", "guest.dmi_uuid"], False),
        ("replace", ["ssh.host_key", "guest.dmi_uuid"], True),
        ("reboot", ["ssh.host_key"], False),
        ("reboot", [], True),
        ("move", ["guest.machine_id"], False),
        ("move", [], True),
    ],
)
def test_what_a_declared_change_explains(expect: str, facts: list[str], accepted: bool) -> None:
    assert enrol.accepts(expect, [enrol.Change(fact, 1, 2) for fact in facts]) is accepted


def test_the_code_is_of_exactly_that_identity() -> None:
    assert enrol.code(PINNED) == enrol.code(dict(reversed(PINNED.items())))
    assert enrol.code(PINNED) != enrol.code(PINNED | {"guest.machine_id": "m2"})


def test_clusters_and_certificates_are_pinned_by_what_they_are() -> None:
    told = [
        seen("pg.system_identifier", "71", "web-1", cluster="db"),
        seen("pg.system_identifier", {"error": "timeout"}, "web-1", cluster="other"),
        seen("tls.leaf", {"spki": "s", "serial": "1", "names": ["x"], "valid": True, "port": 443}),
        seen("tls.leaf", {"spki": "t", "serial": "2", "names": ["x"], "valid": False}),
        seen("tls.leaf", {"spki": "u", "serial": "3", "names": ["x"], "valid": True}, B),
    ]
    assert enrol.data_identity(told, "web-1") == {"pg.system_identifier": {"db": "71"}}
    assert enrol.leaves(told, [A]) == {"tls.leaf": [{"spki": "s", "serial": "1", "names": ["x"]}]}
