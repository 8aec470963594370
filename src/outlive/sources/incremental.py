"""Whether a physical copy is to hold only what changed since the one before it. Pure.

Postgres 17 and later keep summaries of which blocks their log has changed (`summarize_wal`), and send only those when they
are shown the manifest of the copy to build on. It pays for large clusters: a chain needs all its members to be restored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from outlive.model.chain import Full, Origin, Prior

LARGE_BYTES = 30 * 10**9  # research: backup.md section 5.2
SINCE = 170000
SWITCH_ON = "ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf();"
PriorOf = Callable[[Origin], Prior | Full]


@dataclass(frozen=True, slots=True)
class Ability:
    """What the server can do, and how large its databases are."""

    version_num: int
    summarizes: bool
    cluster_bytes: int


def against(setting: Literal["auto", "always", "never"], ability: Ability) -> Full | None:
    """Why the copy is to be a full one, whatever there is to build on; None when it need not be."""
    if setting == "never":
        return Full('`incremental` is "never"')
    if setting == "auto" and ability.cluster_bytes < LARGE_BYTES:
        return Full(f"the cluster is smaller than {LARGE_BYTES} bytes")
    if ability.version_num < SINCE:
        return Full("only Postgres 17 and later can do otherwise", is_trouble=setting == "always")
    if not ability.summarizes:
        return Full(f"the server does not note which blocks change; say there: {SWITCH_ON}", True)
    return None


def cluster_bytes(inventory: dict[str, Any]) -> int:
    """How large the databases are that we may connect to."""
    return sum(database["bytes"] or 0 for database in inventory["databases"])
