"""Real plans of OpenTofu: what loses data is refused, what does not is let through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from outlive.commands.tofu import read_plan
from outlive.recovery.plan_guard import Reason, guard
from outlive.recovery.resources import holds_data

RECORDED = Path(__file__).parents[1] / "recorded/tofu"
SECRET = "not-to-be-printed"
SERVER = "cherryservers_server.server"


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.json").read_bytes()


def reasons(name: str, workspace: str | None = None) -> tuple[Reason, ...]:
    return guard(read_plan(recorded(name)), workspace)


@pytest.mark.parametrize(
    ("name", "action", "why"),
    [
        ("replace", "replace", "somebody asked for it"),
        ("tainted", "replace", "it was tainted"),
        ("other-plan", "replace", "plan cannot be changed in place"),
        ("destroy", "delete", "it deletes id 811287, production-app, at 192.0.2.16"),
        ("block-gone", "delete", "its block is gone"),
        ("other-image", "reinstall", "image reinstalls id 811287"),
        ("wrong-workspace", "reinstall", '"0 to destroy"'),
    ],
)
def test_what_loses_data_is_refused(name: str, action: str, why: str) -> None:
    (reason,) = reasons(name)
    assert (reason.address, reason.action) == (SERVER, action)
    assert why in reason.why and "id 811287, production-app, at" in reason.why and reason.cure
    assert SECRET not in repr(reason)


@pytest.mark.parametrize(
    "name", ["no-changes", "refresh-only", "address-moved", "address-moved-refresh-only", "other-image-no-reinstall"]
)
def test_what_loses_nothing_is_let_through(name: str) -> None:
    assert reasons(name) == ()


def test_the_wrong_workspace_is_named() -> None:
    found = reasons("wrong-workspace", "production")
    assert [reason.action for reason in found] == ["workspace", "reinstall"]
    assert "'preview'" in found[0].why and "'production'" in found[0].why
    assert reasons("no-changes", "production") == ()
    assert reasons("no-changes", "preview") != () == reasons("no-changes", "default"), "nobody uses workspaces"


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("hcloud_server", True),
        ("hcloud_volume", True),
        ("hcloud_volume_attachment", False),
        ("hcloud_ssh_key", False),
        ("aws_instance", True),
        ("aws_db_instance", True),
        ("aws_db_subnet_group", False),
        ("aws_s3_bucket", True),
        ("aws_s3_bucket_policy", False),
        ("digitalocean_droplet", True),
        ("digitalocean_database_cluster", True),
        ("digitalocean_record", False),
        ("libvirt_domain", True),
        ("digitalocean_domain", False),
        ("random_password", False),
        ("terraform_data", False),
        ("null_resource", False),
    ],
)
def test_providers_call_things_what_they_are(kind: str, holds: bool) -> None:
    assert holds_data(kind) is holds


def made(kind: str, actions: list[str], before: Any, after: Any, **more: Any) -> bytes:
    change = {"actions": actions, "before": before, "after": after, **more}
    one = {"address": f"{kind}.x", "mode": "managed", "type": kind, "change": change}
    return json.dumps({"format_version": "1.2", "planned_values": {}, "resource_changes": [one]}).encode()


def test_an_attribute_that_is_not_known_yet_may_change() -> None:
    before = {"image": "a", "allow_reinstall": True}
    plan = made("cherryservers_server", ["update"], before, {"allow_reinstall": True}, after_unknown={"image": True})
    assert [reason.action for reason in guard(read_plan(plan))] == ["reinstall"]


def test_an_image_changed_in_place_is_suspect_with_any_provider() -> None:
    plan = made("contabo_instance", ["update"], {"image_id": "a", "id": 7}, {"image_id": "b", "id": 7})
    assert "image_id" in guard(read_plan(plan))[0].why
    assert guard(read_plan(made("contabo_instance", ["update"], {"name": "a"}, {"name": "b"}))) == ()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "empty"),
        (b"\x00\x01", "not JSON"),
        (b"PK\x03\x04", "saved plan"),
        (b"[]", "no format_version"),
        (b'{"format_version": "2.0"}', "version 1 is understood"),
        (b'{"format_version": "1.0", "resource_changes": {}, "x": 1}' + b"}", "not JSON"),
        (b'{"format_version": "1.0", "resource_changes": [7]}', "no change"),
        (b'{"format_version": "1.0", "resource_changes": [{"change": {}, "address": "a", "type": "b"}]}', "no actions"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_plan_is_no_data(document: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_plan(document)


def test_a_state_and_a_log_are_told_apart_from_a_plan() -> None:
    with pytest.raises(ValueError, match="a state, not a plan"):
        read_plan(recorded("state"))
    with pytest.raises(ValueError, match="the log of"):
        read_plan(recorded("log"))


@given(st.integers(0, len(recorded("tainted")) - 2))
def test_cut_off_anywhere_it_is_no_data(length: int) -> None:
    with pytest.raises(ValueError):
        read_plan(recorded("tainted")[:length].rstrip())


KEYS = st.sampled_from(["actions", "before", "after", "address", "type", "change", "mode"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)))
def test_anything_in_its_place_is_a_plan_or_no_data(junk: Any) -> None:
    for key in ("resource_changes", "resource_drift", "output_changes", "variables"):
        for value in (junk, [junk]):
            try:
                guard(read_plan(json.dumps({"format_version": "1.2", "planned_values": {}, key: value}).encode()), "w")
            except ValueError:
                continue


PLANS = ["tainted", "wrong-workspace", "destroy", "other-image"]
LISTS, CHANGES = ("resource_changes", "resource_drift"), ("actions", "before", "after", "after_unknown")


def of_type(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__


@given(st.sampled_from(PLANS), st.sampled_from([*LISTS, "output_changes", "variables", "errored"]), LEAVES)
def test_what_stands_in_the_place_of_a_part_is_no_data(name: str, key: str, junk: Any) -> None:
    """Never "nothing to do": an empty text, a nought or nothing at all is no empty list."""
    assume(not (key == "errored" and isinstance(junk, bool)))
    with pytest.raises(ValueError, match=key):
        read_plan(json.dumps(json.loads(recorded(name)) | {key: junk}).encode())


@given(st.sampled_from(PLANS), st.sampled_from(CHANGES), LEAVES | st.lists(LEAVES, max_size=2))
def test_a_hole_in_the_change_of_the_server_is_no_data_or_still_refused(name: str, key: str, junk: Any) -> None:
    plan = json.loads(recorded(name))
    (change,) = (one["change"] for one in plan["resource_changes"] if one["address"] == SERVER)
    if of_type(change[key]) == of_type(junk) and key != "actions":
        return
    change[key] = junk
    try:
        refused = guard(read_plan(json.dumps(plan).encode()))
    except ValueError:
        return
    assert refused


@pytest.mark.parametrize("actions", [["obliterate"], ["update", "obliterate"], []])
def test_an_action_that_nobody_knows_is_no_data(actions: list[str]) -> None:
    with pytest.raises(ValueError, match=r"nobody knows what 'obliterate' does|names no actions"):
        read_plan(made("hcloud_server", actions, {}, {}))


def test_what_is_not_known_afterwards_may_be_everything() -> None:
    with pytest.raises(ValueError, match="after_unknown is no object"):
        read_plan(made("hcloud_server", ["update"], {}, {}, after_unknown=True))
