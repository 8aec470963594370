"""Exports of Temporal's schedules: written and read, and every difference named without showing anybody's data."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.commands.temporal import HELD, Export, Namespace, Schedule, dump, read
from outlive.commands.temporal_compare import compare

SECRET = "c2VjcmV0"


def schedule(id: str, every: str = "3600s", memo: str = SECRET, **state: Any) -> Schedule:
    action = {"startWorkflow": {"workflowId": id, "input": {"payloads": [{"data": memo}]}}}
    spec = {"interval": [{"interval": every}]}
    about = {"spec": spec, "action": action, "state": state}
    return Schedule(id, {"schedule": about, "info": {"actionCount": "7"}, "memo": {"fields": {"k": {"data": memo}}}})


def namespace(name: str, *schedules: Schedule, retention: str = "86400s", **attributes: str) -> Namespace:
    described = {
        "namespaceInfo": {"name": name, "id": name * 2, "description": "d"},
        "config": {"workflowExecutionRetentionTtl": retention, "customSearchAttributeAliases": {"K01": "x"}},
    }
    return Namespace(name, described, attributes, schedules)


def export(*namespaces: Namespace) -> Export:
    return Export("1.32.0", "c1", namespaces)


def told(wanted: Export, found: Export) -> list[str]:
    return [str(one) for one in compare(wanted, found).differences]


def test_what_is_written_is_read_again() -> None:
    made = export(namespace("shop", schedule("nightly"), Customer="INDEXED_VALUE_TYPE_KEYWORD"))
    assert read(dump(made)) == made
    assert made.count == 1


@pytest.mark.parametrize("data", [b"", b"[]", b'{"format": "outlive-temporal/2"}', b'{"format": "outlive-temporal/1"}'])
def test_what_is_no_export_is_not_half_read(data: bytes) -> None:
    with pytest.raises(ValueError):
        read(data)


def test_the_same_is_the_same() -> None:
    """Counters and what the server chose by itself do not count."""
    one, other = schedule("nightly"), schedule("nightly")
    other.described["info"]["actionCount"] = "8"
    seen = compare(export(namespace("shop", one)), export(namespace("shop", other)))
    assert (seen.differences, seen.same) == ((), 1)


def test_every_difference_is_named() -> None:
    wanted = export(
        namespace("billing", schedule("monthly")),
        namespace("shop", schedule("gone"), schedule("nightly"), Customer="INDEXED_VALUE_TYPE_KEYWORD"),
    )
    now = schedule("nightly", "7200s", paused=True, notes="stop")
    found = export(namespace("shop", schedule("mine"), now, retention="3600s"), namespace("extra"))
    assert told(wanted, found) == [
        "billing: the namespace is missing, and with it 1 schedules",
        "billing/monthly: is missing",
        'shop: search attribute.Customer is not set, and was "INDEXED_VALUE_TYPE_KEYWORD"',
        'shop: workflowExecutionRetentionTtl is "3600s", and was "86400s"',
        "shop/gone: is missing",
        'shop/nightly: spec.interval.0.interval is "7200s", and was "3600s"',
        'shop/nightly: state.notes is "stop", and was not set',
        "shop/nightly: state.paused is true, and was not set",
        "shop/mine: is not in the export",
        "extra: is not in the export",
    ]
    seen = compare(wanted, found)
    assert [one.name for one in seen.namespaces] == ["billing"]
    assert seen.attributes == {"shop": {"Customer": "INDEXED_VALUE_TYPE_KEYWORD"}}
    assert [(name, one.id) for name, one in seen.missing] == [("billing", "monthly"), ("shop", "gone")]
    assert [(name, one.id) for name, one in seen.differing] == [("shop", "nightly")]


def test_peoples_data_is_compared_and_not_shown() -> None:
    said = told(export(namespace("shop", schedule("a"))), export(namespace("shop", schedule("a", memo="YW5kZXJz"))))
    assert said == [
        "shop/a: action.startWorkflow.input.payloads.0.data is another",
        "shop/a: memo.fields.k.data is another",
    ]


def test_what_one_side_lacks_altogether_is_one_line() -> None:
    bare, full = schedule("a"), schedule("a")
    bare.described["schedule"].pop("spec")
    bare.described.pop("memo")
    assert told(export(namespace("shop", full)), export(namespace("shop", bare))) == [
        "shop/a: memo.fields is not set, and was set",
        'shop/a: spec is not set, and was {"interval": [{"interval": "3600s"}]}',
    ]


def test_what_a_restore_left_paused_is_told_as_that() -> None:
    wanted = export(namespace("shop", schedule("a", notes="mine"), schedule("b", paused=True)))
    held = schedule("a", paused=True, notes=f"{HELD}mine")
    seen = compare(wanted, export(namespace("shop", held, schedule("b", paused=True))))
    assert [str(one) for one in seen.differences] == ["shop/a: waits, paused by a restore; it ran when it was exported"]
    assert [one.id for _, one in seen.held] == ["a"] and not seen.differing and seen.same == 1
    changed = schedule("a", "60s", paused=True, notes=f"{HELD}mine")
    seen = compare(wanted, export(namespace("shop", changed, schedule("b", paused=True))))
    assert not seen.held and [one.id for _, one in seen.differing] == ["a"]
