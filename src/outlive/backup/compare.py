"""What was there against what came back. Pure.

A table may move while a copy is taken. Its rows are counted before and after, and the server's own statistics say how
many rows came and went in between: the restored number may differ from the first count by no more than that.
"""

from __future__ import annotations

from typing import Any

from outlive.model.copy import Check

SHOWN = 5


def compare(before: dict[str, Any], after: dict[str, Any], restored: dict[str, Any]) -> list[Check]:
    """Checks named databases, roles, extensions, tables, rows. Inventories as `sources.postgres_inventory` makes them."""
    return [
        _names("databases", before["databases"], after["databases"], restored["databases"]),
        _names("roles", before["roles"], after["roles"], restored["roles"]),
        _extensions(before, restored),
        *_tables(before, after, restored),
    ]


def _names(what: str, before: list[Any], after: list[Any], restored: list[Any]) -> Check:
    """Whatever was there both before and after must be there again."""
    wanted = {item["name"] for item in before} & {item["name"] for item in after}
    missing = wanted - {item["name"] for item in restored}
    return _verdict(what, missing, f"{len(wanted)} of {len(wanted)} came back")


def _extensions(before: dict[str, Any], restored: dict[str, Any]) -> Check:
    wanted = {
        (db["name"], ext["name"], ext["version"]) for db in before["databases"] for ext in db.get("extensions", [])
    }
    found = {
        (db["name"], ext["name"], ext["version"]) for db in restored["databases"] for ext in db.get("extensions", [])
    }
    missing = {" ".join(item) for item in wanted - found}
    return _verdict("extensions", missing, f"{len(wanted)} of {len(wanted)} came back in the same version")


def _tables(before: dict[str, Any], after: dict[str, Any], restored: dict[str, Any]) -> list[Check]:
    first, last, found = _by_name(before), _by_name(after), _by_name(restored)
    both = [name for name in first if name in last]
    missing = {name for name in both if name not in found}
    wrong = {}
    exact = 0
    for name in both:
        if name in found and not first[name]["unlogged"]:
            exact += first[name]["exact"] and found[name]["exact"]
            if trouble := _rows_differ(first[name], last[name], found[name]):
                wrong[name] = trouble
    rows = sum(found[name]["rows"] for name in both if name in found)
    return [
        _verdict("tables", missing, f"{len(both)} of {len(both)} came back"),
        _verdict(
            "rows", {f"{name}: {why}" for name, why in wrong.items()}, f"{rows} rows; {exact} tables counted exactly"
        ),
    ]


def _rows_differ(first: dict[str, Any], last: dict[str, Any], found: dict[str, Any]) -> str:
    """Why the number is wrong, or nothing. An estimate may be off by half; an exact count only by what was moving."""
    if not (first["exact"] and found["exact"]):
        off = abs(found["rows"] - first["rows"]) > 1000 + first["rows"] // 2
        return f"about {first['rows']} expected, {found['rows']} found" if off else ""
    moved = max(abs(last["rows"] - first["rows"]), max(0, last["changed"] - first["changed"]))
    off = abs(found["rows"] - first["rows"]) > moved
    return f"{first['rows']} (+/- {moved} while copying) expected, {found['rows']} found" if off else ""


def _by_name(inventory: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{database['name']}.{table['schema']}.{table['name']}": table
        for database in inventory["databases"]
        for table in database.get("tables", [])
    }


def _verdict(name: str, missing: set[str], good: str) -> Check:
    if not missing:
        return Check(name, True, good)
    shown = ", ".join(sorted(missing)[:SHOWN])
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return Check(name, False, f"{shown}{more}")
