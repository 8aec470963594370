"""Two snapshots held against each other."""

from __future__ import annotations

from dataclasses import replace

from outlive.model.project import Server, Snapshot
from outlive.watch.project import Finding, Known, findings

WEB = Server("1", "web-1", "active", "deployed", "on", ("203.0.113.9",), ("13247",), "debian_12", "vps1")
OTHER = Server("2", "preview", "active", "deployed", "on", ("203.0.113.8",))
KNOWN = Known({"1": "web-1", "2": "preview"})


def told(
    before: list[Server] | None, now: list[Server], known: Known = KNOWN, credit: float | None = None
) -> list[Finding]:
    return findings(None if before is None else Snapshot(tuple(before)), Snapshot(tuple(now), credit), known)


def words(found: list[Finding]) -> list[tuple[str, str, str, bool]]:
    return [(one.kind, one.server, one.attribute, one.is_alarm) for one in found]


def test_nothing_new_is_nothing() -> None:
    assert told([WEB, OTHER], [OTHER, WEB]) == []
    assert told(None, [WEB]) == []


def test_what_makes_a_machine_alarms_and_the_rest_is_told() -> None:
    moved = replace(WEB, addresses=("198.51.100.3",), plan="vps2", power="off")
    assert words(told([WEB], [moved])) == [
        ("changed", "1", "addresses", True),
        ("changed", "1", "power", True),
        ("changed", "1", "plan", False),
    ]


def test_what_is_not_told_is_no_change_and_what_is_emptied_is_one() -> None:
    hole = replace(WEB, power="", image="", created_at=None, status="")
    assert told([WEB], [hole]) == told([hole], [WEB]) == []
    assert words(told([WEB], [replace(WEB, keys=())])) == [("changed", "1", "ssh_keys", True)]


def test_what_is_ignored_is_not_told() -> None:
    known = Known({"1": "web-1"}, ("plan", "2"))
    assert told([WEB], [replace(WEB, plan="vps2"), OTHER], known) == []


def test_a_guarded_server_that_is_gone_alarms_and_another_does_not() -> None:
    assert words(told([WEB], [])) == [("gone", "1", "", True)]
    assert words(told([WEB], [], Known({}))) == [("gone", "1", "", False)]


def test_a_server_of_nobody_is_an_orphan() -> None:
    assert words(told([WEB], [WEB, OTHER], Known({"1": "web-1"}))) == [
        ("added", "2", "", False),
        ("orphan", "2", "", False),
    ]


def test_a_second_one_of_the_name_alarms() -> None:
    twin = replace(OTHER, id="3", hostname="WEB-1")
    found = [one for one in told(None, [WEB, twin]) if one.kind == "duplicate"]
    assert found[0].is_alarm and found[0].host == "web-1"
    assert "203.0.113.9" in found[0].what and "203.0.113.8" in found[0].what


def test_credit_that_runs_out_alarms() -> None:
    assert words(told(None, [WEB], credit=24)) == [("credit", "", "", True)]
    assert told(None, [WEB], credit=24 * 7) == []
    assert "0.0 days" in told(None, [WEB], credit=-3)[0].what
