"""Every difference between what was there and what came back is seen; what merely moved is not."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from outlive.backup.copies.compare import LATE_ROWS, compare

Inventory = dict[str, Any]


def table(rows: int | None, *, name: str = "orders", exact: bool = True, changed: int = 0, **more: Any) -> Inventory:
    facts = {"schema": "public", "name": name, "rows": rows, "exact": exact, "changed": changed, "unlogged": False}
    return facts | more


def inventory(*tables: Inventory) -> Inventory:
    shop = {
        "name": "shop",
        "allows_connections": True,
        "settings": [{"role": None, "name": "work_mem", "value": "7MB"}, {"role": "app", "name": "x.y", "value": "1"}],
        "acl": [["app", "CONNECT", False], [None, "TEMPORARY", False]],
        "extensions": [{"name": "pg_trgm", "version": "1.6"}],
        "tables": list(tables) or [table(100)],
    }
    roles = [
        {"name": "postgres", "superuser": True, "login": True, "member_of": []},
        {"name": "app", "superuser": False, "login": True, "member_of": ["reader"]},
    ]
    return {"databases": [shop], "roles": roles}


def red(before: Inventory, after: Inventory, restored: Inventory, **options: bool) -> set[str]:
    return {check.name for check in compare(before, after, restored, **options) if check.ok is False}


def rows(first: Inventory, last: Inventory, found: Inventory) -> bool:
    """Whether these are taken for the same table."""
    return red(inventory(first), inventory(last), inventory(found)) == set()


def test_what_came_back_whole_is_green() -> None:
    same = inventory()
    assert red(same, deepcopy(same), deepcopy(same)) == set()
    assert {check.name for check in compare(same, same, same)} == {
        *("databases", "settings", "roles", "extensions", "tables", "rows"),
    }


MUTATIONS: dict[str, tuple[str, Callable[[Inventory], Any]]] = {
    "database": ("databases", lambda found: found["databases"].clear()),
    "setting": ("settings", lambda found: found["databases"][0]["settings"].pop()),
    "setting's value": ("settings", lambda found: found["databases"][0]["settings"][0].update(value="1MB")),
    "setting of whom": ("settings", lambda found: found["databases"][0]["settings"][1].update(role="other")),
    "right": ("settings", lambda found: found["databases"][0]["acl"].pop()),
    "grant option": ("settings", lambda found: found["databases"][0].update(acl=[["app", "CONNECT", True]])),
    "role": ("roles", lambda found: found["roles"].pop()),
    "login": ("roles", lambda found: found["roles"][1].update(login=False)),
    "membership": ("roles", lambda found: found["roles"][1].update(member_of=[])),
    "extension": ("extensions", lambda found: found["databases"][0]["extensions"].clear()),
    "version": ("extensions", lambda found: found["databases"][0]["extensions"][0].update(version="1.5")),
    "table": ("tables", lambda found: found["databases"][0]["tables"].clear()),
    "one row less": ("rows", lambda found: found["databases"][0]["tables"][0].update(rows=99)),
    "one row more": ("rows", lambda found: found["databases"][0]["tables"][0].update(rows=101)),
    "unreadable": ("rows", lambda found: found["databases"][0]["tables"][0].update(unreadable="invalid page")),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_every_loss_is_seen(what: str) -> None:
    check, mutate = MUTATIONS[what]
    was = inventory()
    found = deepcopy(was)
    mutate(found)
    assert check in red(was, deepcopy(was), found)


def test_a_dump_may_bring_another_version_of_an_extension() -> None:
    was, found = inventory(), inventory()
    found["databases"][0]["extensions"][0]["version"] = "1.7"
    assert red(was, was, found, logical=True) == set()
    found["databases"][0]["extensions"].clear()
    assert red(was, was, found, logical=True) == {"extensions"}


def test_a_dump_holds_no_database_that_nobody_may_enter() -> None:
    was = inventory()
    closed = {"name": "closed", "allows_connections": False, "settings": [], "acl": None}
    with_closed = was | {"databases": [*was["databases"], closed]}
    assert red(with_closed, with_closed, was, logical=True) == set()
    assert red(with_closed, with_closed, was) == {"databases"}


def test_what_came_or_went_while_copying_may_be_there_or_not() -> None:
    was, more = inventory(), inventory(table(100), table(5, name="new"))
    more["roles"].append({"name": "new", "superuser": False, "login": True, "member_of": []})
    for found in (was, more):
        assert red(was, more, found) == set()
        assert red(more, was, found) == set()


@pytest.mark.parametrize("found", [100, 150, 200])
def test_a_growing_table_is_somewhere_between(found: int) -> None:
    assert rows(table(100), table(200, changed=100), table(found))


def test_a_table_where_as_many_went_as_came_may_differ_too() -> None:
    assert rows(table(100), table(100, changed=40), table(140))
    assert not rows(table(10_000), table(10_000, changed=40), table(10_000 - 2 * 40 - LATE_ROWS - 1))


def test_statistics_that_were_reset_excuse_nothing() -> None:
    assert not rows(table(100, changed=500), table(100, changed=0), table(99))


def test_an_estimate_may_be_off_by_half_but_not_empty() -> None:
    assert rows(table(100_000, exact=False), table(100_000, exact=False), table(70_000))
    assert not rows(table(100_000, exact=False), table(100_000, exact=False), table(0))
    assert rows(table(None, exact=False), table(None, exact=False), table(12)), "nobody ever knew"


def test_an_unlogged_table_comes_back_empty_and_that_is_right() -> None:
    assert rows(table(100, unlogged=True), table(100, unlogged=True), table(0, unlogged=True))


def test_many_losses_are_told_shortly() -> None:
    was = inventory(*(table(1, name=f"t{i}") for i in range(50)))
    check = next(one for one in compare(was, was, inventory(table(1, name="t0"))) if one.name == "tables")
    assert check.ok is False and "and 44 more" in check.detail
