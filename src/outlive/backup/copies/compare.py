"""What was there against what came back. Pure.

A table may move while a copy is taken. Its rows are counted before and after, and the server's own statistics say how
many rows came and went in between: the restored number may differ from the first count by no more than that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from outlive.model.copy import Check

SHOWN = 5
LATE_ROWS = 100  # the statistics of a table that moves come a second or so late


def compare(
    before: dict[str, Any], after: dict[str, Any], restored: dict[str, Any], *, logical: bool = False
) -> list[Check]:
    """Checks named databases, settings, roles, extensions, tables, rows. Inventories as `sources.postgres_inventory`
    makes them. A `logical` copy brings an extension back in the version that the new server has, and has no database
    that allows no connections."""
    if logical:
        before = before | {"databases": [one for one in before["databases"] if one["allows_connections"]]}
    return [
        _names("databases", before["databases"], after["databases"], restored["databases"]),
        _settings(before, after, restored),
        _roles(before, after, restored),
        _extensions(before, after, restored, logical),
        *_tables(before, after, restored),
    ]


def _names(what: str, before: list[Any], after: list[Any], restored: list[Any]) -> Check:
    """Whatever was there both before and after must be there again."""
    wanted = {item["name"] for item in before} & {item["name"] for item in after}
    missing = wanted - {item["name"] for item in restored}
    return _verdict(what, missing, f"{len(wanted)} of {len(wanted)} came back")


def _settings(before: dict[str, Any], after: dict[str, Any], restored: dict[str, Any]) -> Check:
    """ALTER DATABASE SET, ALTER ROLE IN DATABASE SET, and the rights on the databases."""
    wanted = set(_of_databases(before)) & set(_of_databases(after))
    missing = wanted - set(_of_databases(restored))
    return _verdict("settings", missing, f"{len(wanted)} settings and rights of databases came back")


def _of_databases(inventory: dict[str, Any]) -> Iterable[str]:
    for database in inventory["databases"]:
        for one in database["settings"]:
            who = f" for {one['role']}" if one["role"] else ""
            yield f"{database['name']}: {one['name']} = {one['value']}{who}"
        for grantee, right, may_grant in database["acl"] or []:
            yield f"{database['name']}: {right} to {grantee or 'everybody'}{' with grant option' if may_grant else ''}"


def _roles(before: dict[str, Any], after: dict[str, Any], restored: dict[str, Any]) -> Check:
    """By name, whether they may log in, and what they are members of."""
    wanted = set(_of_roles(before)) & set(_of_roles(after))
    missing = wanted - set(_of_roles(restored))
    return _verdict("roles", missing, f"{len(before['roles'])} of {len(before['roles'])} came back")


def _of_roles(inventory: dict[str, Any]) -> Iterable[str]:
    for role in inventory["roles"]:
        yield role["name"]
        if role["login"]:
            yield f"{role['name']} with login"
        for group in role["member_of"]:
            yield f"{role['name']} in {group}"


def _extensions(before: dict[str, Any], after: dict[str, Any], restored: dict[str, Any], logical: bool) -> Check:
    wanted = set(_of_extensions(before, logical)) & set(_of_extensions(after, logical))
    missing = wanted - set(_of_extensions(restored, logical))
    same = "" if logical else " in the same version"
    return _verdict("extensions", missing, f"{len(wanted)} of {len(wanted)} came back{same}")


def _of_extensions(inventory: dict[str, Any], logical: bool) -> Iterable[str]:
    for database in inventory["databases"]:
        for one in database.get("extensions", []):
            yield f"{database['name']}: {one['name']}" + ("" if logical else f" {one['version']}")


def _tables(before: dict[str, Any], after: dict[str, Any], restored: dict[str, Any]) -> list[Check]:
    first, last, found = _by_name(before), _by_name(after), _by_name(restored)
    both = [name for name in first if name in last]
    missing = {name for name in both if name not in found}
    counted = [name for name in both if name in found and not first[name]["unlogged"]]
    wrong = {f"{name}: {why}" for name in counted if (why := _differ(first[name], last[name], found[name]))}
    rows = sum(found[name]["rows"] or 0 for name in counted)
    exact = sum(first[name]["exact"] and found[name]["exact"] for name in counted)
    return [
        _verdict("tables", missing, f"{len(both)} of {len(both)} came back"),
        _verdict("rows", wrong, f"{rows} rows; {exact} of {len(counted)} tables compared exactly"),
    ]


def _differ(first: dict[str, Any], last: dict[str, Any], found: dict[str, Any]) -> str:
    """Why what came back is wrong, or nothing. Exact where both are; an estimate may be off by half."""
    if "unreadable" in found and "unreadable" not in first:
        return f"it cannot be read: {found['unreadable']}"
    if first["rows"] is None or found["rows"] is None:
        return ""  # a large table that was never analyzed: nobody knew how many rows it had
    if not (first["exact"] and last["exact"] and found["exact"]):
        off = abs(found["rows"] - first["rows"]) > 1000 + first["rows"] // 2
        return f"about {first['rows']} expected, {found['rows']} found" if off else ""
    moved = max(abs(last["rows"] - first["rows"]), last["changed"] - first["changed"])
    slack = 2 * moved + LATE_ROWS if moved > 0 else 0
    off = abs(found["rows"] - first["rows"]) > slack
    return f"{first['rows']} (+/- {slack} while copying) expected, {found['rows']} found" if off else ""


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
