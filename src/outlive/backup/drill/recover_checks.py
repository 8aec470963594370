"""What a drill looks at in a cluster that was brought to a moment: nobody counted what was there just then. Pure."""

from __future__ import annotations

from typing import Any

from outlive.backup.log.windows import Reached, Window
from outlive.commands.wal import show
from outlive.model.copy import Check


def replay(window: Window, reached: Reached, seconds: float) -> Check:
    """Green: Postgres has read everything up to its target, and `replayed` has compared the position."""
    length = reached.position - window.base.start
    return Check("replay", True, f"{length >> 20} MiB of log in {seconds:.1f} s, up to {show(reached.position)}")


def moment(reached: Reached, asked: str) -> Check:
    """Whether the server's clock and ours agree on what was reached."""
    if reached.doubt:
        return Check("moment", None, reached.doubt)
    return Check("moment", True, f"as it was at {asked}; last commit {reached.last_commit or 'in the base copy'}")


def databases(wanted: dict[str, Any], found: dict[str, Any], later: dict[str, Any] | None) -> Check:
    """Every database of the base copy must be there; one that a later base copy does not have either may have been dropped
    by somebody. `later` is that copy's inventory, None when there is none yet."""
    there = {one["name"] for one in wanted["before"]["databases"]} & {
        one["name"] for one in wanted["after"]["databases"]
    }
    missing = there - {one["name"] for one in found["databases"]}
    lost = missing & {one["name"] for one in later["before"]["databases"]} if later else set()
    if lost:
        return Check("databases", False, f"{', '.join(sorted(lost))}: in the copies before and after, but not here")
    if missing:
        return Check("databases", None, f"{', '.join(sorted(missing))}: not here; dropped since the base copy, or lost")
    rows = sum(table["rows"] for one in found["databases"] for table in one.get("tables", ()))
    return Check("databases", True, f"{len(there)} of {len(there)}, {rows} rows were read")


def unreadable(found: dict[str, Any]) -> Check:
    """Every table was read to its end."""
    bad = [
        f"{one['name']}.{table['schema']}.{table['name']}: {table['unreadable']}"
        for one in found["databases"]
        for table in one.get("tables", ())
        if table.get("unreadable")
    ]
    tables = sum(len(one.get("tables", ())) for one in found["databases"])
    return Check("tables", not bad, "; ".join(bad[:3]) if bad else f"{tables} were read to their ends")
