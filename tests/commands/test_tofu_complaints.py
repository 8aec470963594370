"""What OpenTofu and Terraform print when something is wrong, as they printed it, and where a folder's state is kept."""

from __future__ import annotations

import json

import pytest

from outlive.commands.tofu_backend import Backend, read_backend
from outlive.commands.tofu_complaints import Lock, held_lock, is_stale, wants_init, why

S3_LOCK = """
Error: Error acquiring the state lock

Error message: operation error S3: PutObject, https response error
StatusCode: 412, RequestID: tx0, HostID: h, api error PreconditionFailed: UnknownError
Lock Info:
  ID:        5fbc87b6-4931
  Path:      states/env:/production/web.tfstate
  Operation: OperationTypeApply
  Who:       root@keeper
  Version:   1.15.5
  Created:   2026-11-26 17:22:31.148902523 +0000 UTC
  Info:
"""
PG_LOCK = S3_LOCK.replace(
    "operation error S3: PutObject, https response error", "Workspace is already locked: production"
)
COLOURED = (
    "\x1b[31m\x1b[31m│\x1b[0m \x1b[0m\x1b[1m\x1b[31mError: \x1b[0m\x1b[0m\x1b[1mdial tcp: connection refused\x1b[0m\n"
)
STATE = (
    "\x1b[31mError loading the state: Unable to list objects in S3 bucket: StatusCode: 403\n\nPlease ensure that\x1b[0m"
)


def test_a_lock_is_told_as_the_backend_tells_it() -> None:
    created = "2026-11-26 17:22:31.148902523 +0000 UTC"
    assert held_lock(S3_LOCK) == Lock("5fbc87b6-4931", "root@keeper", "apply", created)
    assert held_lock(PG_LOCK) == Lock("", "", "", ""), "it is the lock that was asked for"
    assert held_lock("Error: something else\n  ID: 7\n") is None


def test_headlines_are_found_in_colour_and_hold_no_secret() -> None:
    assert why(COLOURED) == "dial tcp: connection refused"
    assert why(STATE) == "Unable to list objects in S3 bucket: StatusCode: 403"
    assert why("Something broke\n") == "it did not say why"
    said = why('Error: parse "postgres://ops:s3cr3t@[::1/x": bad; host=a password=s3cr3t user=b\n')
    assert "s3cr3t" not in said and said.startswith('parse "postgres://***@')
    long = why(f"Error: request send failed, {'x' * 500}: no route to host\n")
    assert len(long) < 220 and long.startswith("request send failed") and long.endswith("no route to host")


def test_what_is_tried_again_and_what_a_person_must_do() -> None:
    assert is_stale("\nError: Saved plan is stale\n\nThe given") and not is_stale(S3_LOCK)
    for one in ('Backend initialization required, please run "tofu init"', "Backend configuration changed"):
        assert wants_init(f"Error: {one}\n")
    assert not wants_init(COLOURED)


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        (None, Backend("local", True)),
        ({"type": "pg", "config": {"conn_str": None}}, Backend("pg", True)),
        ({"type": "s3", "config": {"use_lockfile": True}}, Backend("s3", True)),
        ({"type": "s3", "config": {"dynamodb_table": "locks"}}, Backend("s3", True)),
        ({"type": "s3", "config": {"use_lockfile": None}}, Backend("s3", False)),
        ({"type": "http", "config": None}, Backend("http", False)),
    ],
)
def test_where_a_state_is_kept_and_whether_it_is_locked(backend: object, expected: Backend) -> None:
    found = read_backend(json.dumps({"version": 3, "backend": backend}).encode())
    assert found == expected and found.is_remote == (expected.kind != "local")


@pytest.mark.parametrize("note", [b"", b"[]", b'{"backend": {"type": 7}}', b'{"backend": "s3"}'])
def test_a_note_that_is_none_is_told_as_such(note: bytes) -> None:
    with pytest.raises(ValueError):
        read_backend(note)
